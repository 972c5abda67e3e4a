"""The functions that the query engine has beyond those of SPARQL 1.1."""

from __future__ import annotations

from stancegraph.terms import XSD

GEOF = "http://www.opengis.net/def/function/geosparql/"

_GEOMETRY = (
    "area", "asGeoJSON", "centroid", "convexHull", "coordinateDimension", "difference",
    "dimension", "distance", "ehContains", "ehCoveredBy", "ehCovers", "ehDisjoint", "ehEquals",
    "ehInside", "ehMeet", "ehOverlap", "envelope", "getSRID", "intersection", "isEmpty",
    "isSimple", "length", "perimeter", "rcc8dc", "rcc8ec", "rcc8eq", "rcc8ntpp", "rcc8ntppi",
    "rcc8po", "rcc8tpp", "rcc8tppi", "relate", "sfContains", "sfCrosses", "sfDisjoint",
    "sfEquals", "sfIntersects", "sfOverlaps", "sfTouches", "sfWithin", "spatialDimension",
    "symDifference", "union",
)  # fmt: skip
_CASTS = (
    "date", "dayTimeDuration", "duration", "gDay", "gMonth", "gMonthDay", "gYear", "gYearMonth",
    "time", "yearMonthDuration",
)  # fmt: skip
_STANDARD_CASTS = ("boolean", "dateTime", "decimal", "double", "float", "integer", "string")

# GeoSPARQL, and constructors of datatypes that SPARQL 1.1 does not ask for.
EXTENSIONS = tuple([f"{GEOF}{name}" for name in _GEOMETRY] + [XSD[name].value for name in _CASTS])
# All that are called by an IRI.
FUNCTIONS = (*EXTENSIONS, *(XSD[name].value for name in _STANDARD_CASTS))
