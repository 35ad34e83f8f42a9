"""Wielstad on the map: streets and canals first, then the neighbourhoods that they enclose.

Drawn in metres about the market square and turned into longitude and latitude at the end.
"""

import math
from functools import cache
from itertools import pairwise

import geopandas as gpd
from pyproj import Geod
from shapely import LineString, Point, Polygon, get_coordinates, get_parts, set_coordinates
from shapely.ops import polygonize, substring, unary_union

LON, LAT = 5.220, 52.580  # the market square, in the Markermeer
METRES_PER_DEGREE = 111_320.0  # of latitude; of longitude times the cosine

Metres = tuple[float, float]

# The lines that enclose neighbourhoods. The canal runs in a ring; the edge of town is the dike on
# the lake's side, the railway in the south and a drain between the fields in the west.
RING = (
    (-560, 90),
    (-470, 400),
    (-190, 560),
    (150, 590),
    (450, 430),
    (590, 120),
    (540, -220),
    (290, -450),
    (-60, -520),
    (-390, -400),
    (-540, -160),
)
DIKE = (
    (-1180, 640),
    (-820, 980),
    (-300, 1190),
    (260, 1230),
    (760, 1060),
    (1130, 700),
    (1290, 190),
    (1240, -380),
    (1050, -880),
)
RAILWAY = ((1050, -880), (520, -985), (-80, -1010), (-700, -960), (-1130, -860))
DRAIN = ((-1130, -860), (-1290, -420), (-1330, 120), (-1180, 640))
# Each runs from the market to the edge of town; the name of its inner and of its outer part.
RADIALS = {
    ("Stationsstraat", "Stationslaan"): ((0, 0), (20, -240), (-15, -520), (10, -1008)),
    ("Molenstraat", "Molenweg"): ((0, 0), (-260, -30), (-560, 40), (-900, 10), (-1325, 60)),
    ("Kerkstraat", "Noorderweg"): ((0, 0), (-90, 260), (-120, 580), (-210, 880), (-240, 1195)),
    ("Havenstraat", "Havenweg"): ((0, 0), (250, 90), (585, 130), (900, 210), (1285, 240)),
}
# Further lines between neighbourhoods, outside the ring.
LANES = {
    "Parklaan": ((-468, 402), (-690, 560), (-1000, 800)),
    "Schoolstraat": ((850, 1012), (640, 640), (452, 428)),
    "Werfstraat": ((538, -222), (820, -380), (1225, -480)),
    "Dijkpad": ((-225, 1060), (250, 1085), (600, 960), (795, 905)),
    "Weidelaan": ((-392, -402), (-640, -640), (-830, -930)),
}
# Streets within a neighbourhood; no border follows them.
SIDE_STREETS = {
    "Markt": ((-70, 55), (60, 70), (75, -50), (-60, -60), (-70, 55)),
    "Stationsplein": ((-340, -895), (-160, -915), (10, -930), (110, -922)),
    "Korte Gracht": ((-420, -190), (-200, -210), (15, -240)),
    "Zilverstraat": ((20, -235), (240, -190), (430, -120), (568, -40)),
    "Lange Nering": ((-90, 250), (130, 330), (320, 510)),
    "Achterom": ((-350, 25), (-330, 210), (-105, 330)),
    "Ketelhuisstraat": ((30, -760), (330, -740), (640, -700), (900, -640)),
    "Rietlaan": ((-5, -740), (-330, -760), (-560, -730), (-700, -700)),
    "Weversweg": ((-520, -520), (-760, -420), (-1010, -380), (-1285, -420)),
    "Lindelaan": ((-900, 10), (-880, -200), (-760, -420)),
    "Parkpad": ((-690, 560), (-760, 360), (-880, 200), (-900, 10)),
    "Eikenlaan": ((-210, 880), (-430, 820), (-690, 560)),
    "Esdoornstraat": ((-210, 880), (80, 900), (420, 820), (640, 640)),
    "Meeuwenlaan": ((640, 640), (760, 420), (900, 210)),
    "Sternstraat": ((760, 420), (960, 470), (1130, 430)),
    "Kade": ((900, 210), (930, -80), (820, -380)),
    "Scheepmakersstraat": ((560, -30), (740, -60), (925, -85)),
}
# A point in each neighbourhood -> its name and how many live there.
NEIGHBOURHOODS: dict[Metres, tuple[str, int]] = {
    (200, -220): ("Zilverwijk", 1640),
    (-250, -220): ("Oude Gracht", 1485),
    (-250, 220): ("Molenbuurt", 1320),
    (200, 300): ("Binnenstad Noord", 1755),
    (500, -750): ("Ketelhuis", 1190),
    (-330, -750): ("Stationskwartier", 2260),
    (-900, -350): ("Weverswijk", 2945),
    (-900, 250): ("Parkrand", 1810),
    (-500, 850): ("Eikenhof", 2120),
    (250, 850): ("Schoolbuurt", 2680),
    (250, 1150): ("Aan de Dijk", 165),
    (850, 550): ("Meeuwenhoek", 1930),
    (900, -100): ("Werfkwartier", 905),
}
OUTSIDE = {"Hoeve De Punt": (1500, -150), "Buitendijks": (-420, 1600)}
"""Places beyond the edge of town: a farm road, and the lake side of the dike."""


@cache
def streets() -> dict[str, LineString]:
    """Return the centre line of each street by name, in metres."""
    ring = _ring()
    lines = {"Singel": LineString(ring.coords)}
    for (inner, outer), points in RADIALS.items():
        whole = _smooth(points)
        crossing = whole.intersection(ring)
        cut = whole.project(crossing if crossing.geom_type == "Point" else crossing.geoms[0])
        lines[inner], lines[outer] = _cut(whole, cut)
    lines |= {name: _smooth(points) for name, points in (LANES | SIDE_STREETS).items()}
    lines["Markerdijk"] = _smooth(DIKE)
    return lines


def neighbourhoods() -> gpd.GeoDataFrame:
    """Return the neighbourhoods with `name` and `population`; borders are shared exactly."""
    population = dict(NEIGHBOURHOODS.values())
    rows = [
        {"name": name, "population": population[name], "geometry": face}
        for name, face in outlines().items()
    ]
    return _to_degrees(gpd.GeoDataFrame(rows))


@cache
def outlines() -> dict[str, Polygon]:
    """Return the outline of each neighbourhood by name, in metres."""
    faces = _faces()
    return {
        name: next(face for face in faces if face.contains(Point(point)))
        for point, (name, _) in NEIGHBOURHOODS.items()
    }


def area_of(point: Metres) -> str | None:
    """Return the neighbourhood that a point lies in; None outside the town."""
    return next((name for name, area in outlines().items() if area.contains(Point(point))), None)


@cache
def sections() -> dict[str, list[LineString]]:
    """Return each street's lines between junctions and borders of neighbourhoods, in its order."""
    town = unary_union(_faces()).buffer(0.5)
    lines = {name: line & town for name, line in streets().items()}
    borders = unary_union([face.boundary for face in _faces()])
    return {
        name: _between(line, [*(other for n, other in lines.items() if n != name), borders])
        for name, line in lines.items()
    }


def street_lines() -> gpd.GeoDataFrame:
    """Return the streets with `name` and `length_m`, measured on the ellipsoid."""
    town = unary_union(_faces()).buffer(0.5)  # half a metre more: the dike is its edge
    rows = [{"name": name, "geometry": line & town} for name, line in streets().items()]
    table = _to_degrees(gpd.GeoDataFrame(rows))
    length = table.geometry.map(Geod(ellps="WGS84").geometry_length).round().astype(int)
    return table.assign(length_m=length)


def beside(point: Metres, bearing: float, along: float, right: float) -> Metres:
    """Return the point so far along a bearing, clockwise from north, and to the right of it."""
    turn = math.radians(bearing)
    east, north = math.sin(turn), math.cos(turn)
    return point[0] + along * east + right * north, point[1] + along * north - right * east


def lon_lat(point: Metres) -> tuple[float, float]:
    """Return degrees."""
    shrink = math.cos(math.radians(LAT))
    lon = LON + point[0] / (METRES_PER_DEGREE * shrink)
    return round(lon, 7), round(LAT + point[1] / METRES_PER_DEGREE, 7)


def _to_degrees(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    def place(geometry: Polygon | LineString) -> Polygon | LineString:
        return set_coordinates(geometry, [lon_lat(p) for p in get_coordinates(geometry)])

    return table.assign(geometry=table.geometry.map(place)).set_crs("EPSG:4326")


@cache
def _faces() -> list[Polygon]:
    """Return what the enclosing lines enclose, in metres."""
    enclosing = [_ring(), _smooth(DIKE), _smooth(RAILWAY), _smooth(DRAIN)]
    enclosing += [_extended(_smooth(points)) for points in RADIALS.values()]
    enclosing += [_extended(_smooth(points), both=True) for points in LANES.values()]
    return list(polygonize(unary_union(enclosing)))


@cache
def _ring() -> LineString:
    return _smooth((*RING, RING[0]), closed=True)


def _smooth(points: tuple[Metres, ...], *, closed: bool = False) -> LineString:
    """Round the bends by cutting corners twice (Chaikin, 1974); the ends stay."""
    for _ in range(2):
        rounded = [] if closed else [points[0]]
        for (x0, y0), (x1, y1) in pairwise(points):
            rounded += [(0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1)]
            rounded += [(0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1)]
        points = tuple([*rounded, rounded[0]] if closed else [*rounded, points[-1]])
    return LineString(points)


def _extended(line: LineString, *, both: bool = False, by: float = 60.0) -> LineString:
    """Lengthen a line, so that it crosses the border it only has to reach."""
    coords = list(line.coords)
    (x0, y0), (x1, y1) = coords[-2:]
    length = math.hypot(x1 - x0, y1 - y0)
    coords.append((x1 + by * (x1 - x0) / length, y1 + by * (y1 - y0) / length))
    extended = LineString(coords)
    return _extended(extended.reverse(), by=by).reverse() if both else extended


def _between(line: LineString, others: list[LineString]) -> list[LineString]:
    """Cut a line where others meet or cross it, not where they run along it."""
    cuts = {0.0, line.length}
    for other in others:
        met = [part for part in get_parts(line & other) if part.geom_type == "Point"]
        cuts.update(line.project(point) for point in met)
    parts = [substring(line, *ends) for ends in pairwise(sorted(cuts))]
    return [part for part in parts if part.length > 1]  # two lines that meet in one junction


def _cut(line: LineString, at: float) -> tuple[LineString, LineString]:
    return substring(line, 0, at), substring(line, at, line.length)
