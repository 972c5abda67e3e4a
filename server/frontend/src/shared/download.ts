/** Gives the reader a file to keep. */
export function download(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // A browser reads it a moment after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
