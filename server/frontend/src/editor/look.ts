import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// The colours are those of the page, so that they follow it into the dark.
const theme = EditorView.theme({
  "&": {
    border: "1px solid var(--quiet)",
    backgroundColor: "var(--page)",
    color: "var(--ink)",
    fontSize: "0.92rem",
  },
  "&.cm-focused": { outline: "3px solid var(--link)", outlineOffset: "2px" },
  ".cm-scroller": {
    fontFamily: "var(--mono, ui-monospace, monospace)",
    lineHeight: "1.5",
    minHeight: "12rem",
    maxHeight: "32rem",
  },
  ".cm-gutters": {
    backgroundColor: "var(--sheet)",
    color: "var(--quiet)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--sheet)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--link) 30%, transparent) !important",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    backgroundColor: "var(--sheet)",
    color: "var(--ink)",
    maxWidth: "min(34rem, 90vw)",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.5rem" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--link)",
    color: "var(--page)",
  },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.8" },
  ".cm-completionInfo": { padding: "0.4rem 0.6rem", fontSize: "0.85rem" },
  ".cm-diagnostic": { padding: "0.4rem 0.6rem", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--wrong)" },
  // The library's own underline is an image in a data: address, which the policy of the page bars.
  ".cm-lintRange-error, .cm-lintPoint-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--wrong)",
    textDecorationSkipInk: "none",
  },
  ".cm-lint-marker-error": { content: "none" },
  ".cm-panels": { backgroundColor: "var(--sheet)", color: "var(--ink)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--link)", fontWeight: "600" },
  { tag: [tags.comment, tags.lineComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.string, tags.literal], color: "light-dark(#8a4b08, #f0b47c)" },
  { tag: [tags.number, tags.bool], color: "light-dark(#8a4b08, #f0b47c)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "light-dark(#6d2f8f, #d3a5ef)" },
  { tag: [tags.namespace, tags.url, tags.atom], color: "light-dark(#14654c, #7fd1b3)" },
]);

/** How the editor looks. */
export const look: Extension = [theme, syntaxHighlighting(colours)];
