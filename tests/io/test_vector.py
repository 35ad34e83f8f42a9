"""No vector file reaches out: nothing is fetched, read or written beside it; plain formats read.

Each file here was found, or is like one that was found, to make GDAL ask a server, read another
file or write one. NO_PROXY stands in all of them, which takes curl past every proxy.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
from shapely import LineString, Point, box

from geobike import areas
from geobike.errors import AreasError, GeobikeWarning, InputError, ManifestError
from geobike.io import vector, vector_kinds
from geobike.maps import context
from geobike.positions import manifest
from tests.support.asked_server import RING, AskedServer, running
from tests.support.web_folder import served

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pyogrio's, of what it writes

SQUARE = {"type": "Polygon", "coordinates": [RING]}
POINT = {"type": "Point", "coordinates": [4.4, 52.0]}


def collection(geometry: dict[str, Any], **properties: object) -> dict[str, Any]:
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AskedServer]:
    with running(tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture
def server(one_server: AskedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AskedServer:
    """A server that no proxy hides, and a folder of our own to work in."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    one_server.forget()
    return one_server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder with files of the user that no input may read."""
    folder = tmp_path / "private"
    folder.mkdir()
    frame = gpd.GeoDataFrame({"name": ["secret"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    frame.to_file(folder / "s.geojson")
    frame.to_file(folder / "s.gpkg")
    frame.to_file(folder / "s.kml")
    frame.to_file(folder / "s.tab", driver="MapInfo File")
    return folder


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


READERS: dict[str, Callable[[Path], Any]] = {
    "areas": lambda path: areas.read(path, crs="EPSG:4326"),
    "context": lambda path: context.read(path),
    "manifest": manifest.read,
}


def outcome(read: Callable[[Path], Any], path: Path, server: AskedServer, around: Path) -> str:
    """Return the error or what was read, as text, when it has been seen that nothing went out."""
    before = listing(around)
    try:
        said = repr(read(path))
    except InputError as error:
        said = str(error)
        assert path.name.split(".")[0] in said
        assert "geobike-" not in said  # the folder where it was looked at
    assert server.asked == []
    assert listing(around) == before
    assert "secret" not in said
    assert "root:" not in said
    return said


def vrt(source: str, layer: str = "", more: str = "") -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{layer or "l"}"><SrcDataSource>{source}'
        f"</SrcDataSource>{more}<LayerSRS>EPSG:4326</LayerSRS></OGRVRTLayer></OGRVRTDataSource>"
    )


def test_gdal_by_itself_asks_the_server_so_that_these_tests_would_see_it(
    server: AskedServer, tmp_path: Path
) -> None:
    (tmp_path / "a.geojson").write_text(vrt(f"/vsicurl/{server.url}/x.geojson", "x"))
    assert gpd.read_file(tmp_path / "a.geojson")["name"].tolist() == ["fetched"]
    crs = {"type": "link", "properties": {"href": f"{server.url}/crs"}}
    (tmp_path / "b.geojson").write_text(json.dumps({"crs": crs, **collection(SQUARE)}))
    gpd.read_file(tmp_path / "b.geojson")
    assert {line.partition(" ")[2] for line in server.asked} >= {"/x.geojson", "/crs"}


# fmt: off
ENDINGS = (
    ".geojson", ".json", ".topojson", ".geojsonl", ".xml", ".vrt", ".kml", ".gml", ".gpx", ".gpkg",
    ".csv", ".tsv", ".shp", ".fgb", ".tab", ".mif", ".parquet", ".zip", ".txt",
)
# fmt: on


@pytest.mark.parametrize("ending", [*ENDINGS, ""])
@pytest.mark.parametrize("reader", ["areas", "context"])
def test_a_virtual_dataset_is_refused_under_every_ending(
    reader: str, ending: str, server: AskedServer, secret: Path, tmp_path: Path
) -> None:
    for source in (f"/vsicurl/{server.url}/x.geojson", f"{server.url}/x", f"{secret}/s.geojson"):
        path = tmp_path / f"a{ending}"
        path.write_text(vrt(source))
        said = outcome(READERS[reader], path, server, tmp_path)
        assert "cannot be read" in said
    if ending in (".geojson", ".gml", ".kml", ".vrt", ""):
        assert "it is an OGR VRT, which names other files; export the data itself" in said


@pytest.mark.parametrize("reader", ["areas", "context", "manifest"])
def test_other_files_that_name_addresses_or_files_are_refused(
    reader: str, server: AskedServer, secret: Path, tmp_path: Path
) -> None:
    inside = vrt(f"/vsicurl/{server.url}/x.geojson", "x")
    geocode = "<SrcSQL dialect='sqlite'>select ogr_geocode('Delft') as g from s</SrcSQL>"
    pipeline = f"gdal vector pipeline ! read {server.url}/x ! write --format stream dummy"
    partition = (
        f"gdal vector pipeline ! read {secret}/s.geojson ! partition --format CSV --field name "
        f"written ! write --format stream dummy"
    )
    texts = {
        "geocode": vrt(f"{secret}/s.geojson", more=geocode),
        "late": " \n" * 900 + inside,
        "pipeline": json.dumps({"type": "gdal_streamed_alg", "command_line": pipeline}),
        "partition": json.dumps({"type": "gdal_streamed_alg", "command_line": partition}),
        "wfs": f"<OGRWFSDataSource><URL>{server.url}/wfs</URL></OGRWFSDataSource>",
        "csw": f"<OGRCSWDataSource><URL>{server.url}/csw</URL></OGRCSWDataSource>",
        "two-faced": json.dumps({"x": inside, **collection(SQUARE, name="n")}),
        "landing": json.dumps({"links": [{"rel": "data", "href": f"{server.url}/collections"}]}),
        "page": f"<!DOCTYPE html><html><img src='{server.url}/i.png'></html>",
        "address": f"{server.url}/x.geojson",
        "prefix": f"WFS:{server.url}/wfs",
    }
    for name, text in texts.items():
        for ending in (".geojson", ".json"):
            path = tmp_path / f"{name}{ending}"
            path.write_text(text)
            assert "cannot be read" in outcome(READERS[reader], path, server, tmp_path)


def links(url: str) -> dict[str, str]:
    """Return JSON that says its CRS by a link, in each way that GDAL 3.12 was seen to follow."""
    link = json.dumps({"type": "link", "properties": {"href": f"{url}/crs", "type": "proj4"}})
    escaped = link.replace("type", "t\\u0079pe", 1)
    capitals = link.replace("type", "typ\\u0045", 1).replace('"link"', '"\\u004cink"')
    of_url = json.dumps({"type": "url", "properties": {"url": f"{url}/crs"}})
    square = json.dumps(collection(SQUARE, name="n"))
    feature = json.dumps({"type": "Feature", "properties": {"name": "n"}, "geometry": SQUARE})
    inside = json.dumps(SQUARE)[:-1] + f', "crs": {link}}}'
    arcs = {"type": "Polygon", "arcs": [[0]], "properties": {"name": "n"}}
    topology = {"type": "Topology", "arcs": [RING], "objects": {"a": arcs}}
    return {
        "first.geojson": f'{{"crs": {link}, {square[1:]}',
        "last.geojson": f'{square[:-1]}, "crs": {link}}}',
        "far.geojson": f'{square[:-1]}, "x": "{"y" * 3_000_000}", "crs": {link}}}',
        "of-geometry.geojson": square.replace(json.dumps(SQUARE), inside),
        "of-feature.geojson": f'{feature[:-1]}, "crs": {link}}}',
        "escaped.geojson": f'{{"\\u0063r\\u0073": {link}, {square[1:]}',
        "capitals.geojson": f'{{"CRS": {link.replace("type", "TYPE", 1)}, {square[1:]}',
        "null.geojson": f'{{"crs\\u0000x": {link}, {square[1:]}',
        "quotes.geojson": f"{feature[:-1]}, 'crs': {link}}}",
        "comment.geojson": f'{feature[:-1]}, "crs"/* x */ : {link}}}',
        "comment-after.geojson": f'{feature[:-1]}, "crs": /* x */ {link}}}',
        "escaped-type.geojson": f'{{"crs": {escaped}, {square[1:]}',
        "escaped-capitals.geojson": f'{{"crs": {capitals}, {square[1:]}',
        "twice.geojson": f'{{"crs": {{"type": "name", {link[1:]}, {square[1:]}',
        "spaces.geojson": f'{square[:-1]}, "crs"{" " * 9000}:{link}}}',
        "url.geojson": f'{{"crs": {of_url}, {square[1:]}',
        "topology.json": f'{{"crs": {link}, {json.dumps(topology)[1:]}',
        "lines.geojsonl": f"{feature}\n{feature.replace(json.dumps(SQUARE), inside)}\n",
    }


@pytest.mark.parametrize("name", sorted(links("")))
@pytest.mark.parametrize("reader", ["areas", "context", "manifest"])
def test_a_link_to_a_crs_is_not_followed_however_it_is_written(
    reader: str, name: str, server: AskedServer, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(links(server.url)[name])
    if reader == "manifest":
        path = path.rename(path.with_suffix(".geojson"))
    assert 'its "crs" is not the name of a CRS' in outcome(READERS[reader], path, server, tmp_path)


def test_a_key_across_two_parts_of_the_file_is_found(server: AskedServer, tmp_path: Path) -> None:
    """The file is searched in parts of 256 kB: here the key begins at each place around an end."""
    crs = f'"crs": {{"type": "link", "properties": {{"href": "{server.url}"}}}}'
    for place in [*range((1 << 18) - 8, (1 << 18) + 3), *range((1 << 18) + 4088, (1 << 18) + 4099)]:
        text = json.dumps(collection(SQUARE, name="n"))[:-1] + ', "x": "", '
        text = text[:-3] + "y" * (place - len(text)) + text[-3:] + crs + "}"
        assert text.index('"crs"') == place
        (tmp_path / "a.geojson").write_text(text)
        said = outcome(READERS["areas"], tmp_path / "a.geojson", server, tmp_path)
        assert "is not the name of a CRS" in said


@pytest.mark.parametrize(
    "value", ["EPSG:28992", None, 3, ["a"], {"a": 1}, "{'type': 'link'}", "it's 'crs', not \"crs\""]
)
def test_a_property_called_crs_is_no_hindrance(value: object, tmp_path: Path) -> None:
    text = json.dumps(collection(SQUARE, name="n", crs=value, note="see 'crs' there"))
    (tmp_path / "a.geojson").write_text(text)
    assert areas.read(tmp_path / "a.geojson")["name"].tolist() == ["n"]


def test_a_crs_by_name_is_believed(tmp_path: Path) -> None:
    name = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    ring = [[84000, 446000], [85000, 446000], [85000, 447000], [84000, 447000], [84000, 446000]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    (tmp_path / "a.geojson").write_text(json.dumps({**collection(shape, name="n"), "crs": name}))
    west, south, *_ = areas.read(tmp_path / "a.geojson").total_bounds
    # The south-west corner by cs2cs of PROJ 9: 4.35465 E, 51.99670 N, to some 10 m.
    assert (west, south) == pytest.approx((4.3547, 51.9967), abs=2e-3)


XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def gml(url: str) -> str:
    """Return an answer of a WFS, whose schema GDAL fetches."""
    describe = "service=WFS&amp;version=1.1.0&amp;request=DescribeFeatureType&amp;typeName=a%3Ab"
    corners = " ".join(f"{y} {x}" for x, y in RING)
    return (
        f'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" {XSI} {XLINK} '
        f'xmlns:gml="http://www.opengis.net/gml" xmlns:a="http://a" next="{url}/next" '
        f'xsi:schemaLocation="http://a {url}/ows?{describe}"><gml:featureMembers>'
        f'<a:b gml:id="b.1"><a:shape><gml:Polygon srsName="urn:ogc:def:crs:EPSG::4326">'
        f"<gml:exterior><gml:LinearRing><gml:posList>{corners}</gml:posList></gml:LinearRing>"
        f"</gml:exterior></gml:Polygon></a:shape><a:name>north</a:name>"
        f'<a:more xlink:href="{url}/more"/></a:b></gml:featureMembers></wfs:FeatureCollection>'
    )


def kml(url: str) -> str:
    corners = " ".join(f"{x},{y}" for x, y in RING)
    return (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>d</name>'
        f"<NetworkLink><name>n</name><Link><href>{url}/n.kml</href></Link></NetworkLink>"
        f"<Placemark><name>north</name><styleUrl>{url}/s.kml#a</styleUrl><Polygon>"
        f"<outerBoundaryIs><LinearRing><coordinates>{corners}</coordinates></LinearRing>"
        f"</outerBoundaryIs></Polygon></Placemark></Document></kml>"
    )


@pytest.mark.parametrize("ending", [".gml", ".xml", ".kml", ".kmz", ""])
def test_links_of_xml_are_left_and_its_data_read(
    ending: str, server: AskedServer, tmp_path: Path
) -> None:
    path = tmp_path / f"a{ending}"
    text = (kml if ending.startswith(".k") else gml)(server.url)
    if ending == ".kmz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml", text)
    else:
        path.write_text(text)
    column = "Name" if ending.startswith(".k") else "name"
    before = listing(tmp_path)
    read = areas.read(path, name_column=column)
    assert "north" in read["name"].tolist()
    assert read.total_bounds == pytest.approx((4.3, 51.9, 4.5, 52.1))
    assert listing(tmp_path) == before  # GDAL by itself leaves a.gfs
    assert server.asked == []


def test_a_schema_beside_gml_says_types_unless_it_includes_others(
    server: AskedServer, tmp_path: Path
) -> None:
    frame = gpd.GeoDataFrame({"code": ["0101"]}, geometry=[box(4, 51, 5, 52)], crs=4326)
    frame.to_file(tmp_path / "a.gml", driver="GML")
    schema = (tmp_path / "a.xsd").read_text()
    (tmp_path / "a.xsd").write_text(schema.replace("xs:string", "xs:integer"))
    assert areas.read(tmp_path / "a.gml", name_column="code")["name"].tolist() == ["101"]
    start = schema.index("<xs:import")
    include = f'<xs:include schemaLocation="{server.url}/more.xsd"/>'
    (tmp_path / "a.xsd").write_text(schema[:start] + include + schema[start:])
    before = listing(tmp_path)
    with pytest.warns(GeobikeWarning, match=r"a\.xsd includes other schemas"):
        read = areas.read(tmp_path / "a.gml", name_column="code")
    assert read["name"].tolist() == ["0101"]
    assert listing(tmp_path) == before
    assert server.asked == []


@pytest.mark.parametrize("ending", [".kml", ".kmz"])
def test_a_file_of_links_alone_is_refused(
    ending: str, server: AskedServer, secret: Path, tmp_path: Path
) -> None:
    for number, link in enumerate(
        (
            f"{server.url}/n.kml",
            f"/vsicurl/{server.url}/n.kml",
            f"{secret}/s.kml",
            "../private/s.kml",
        )
    ):
        href = f"<NetworkLink><Link><href>{link}</href></Link></NetworkLink>"
        text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{href}</Document></kml>'
        path = tmp_path / f"a{number}{ending}"
        if ending == ".kmz":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("doc.kml", text)
        else:
            path.write_text(text)
        said = outcome(READERS["areas"], path, server, tmp_path)
        assert "holds no" in said


def database(path: Path, kind: str, sql: str) -> None:
    """Write a GeoPackage of one good layer and another of what SQL is given."""
    frame = gpd.GeoDataFrame({"name": ["good"]}, geometry=[box(4, 51, 5, 52)], crs=4326)
    frame.to_file(path, layer="good")
    base = sqlite3.connect(path)
    base.execute("PRAGMA writable_schema=ON")
    base.execute("INSERT INTO sqlite_master VALUES (?, 'v', 'v', 0, ?)", (kind, sql))
    base.execute(
        "INSERT INTO gpkg_contents(table_name, data_type, identifier, srs_id) "
        "VALUES ('v', 'features', 'v', 4326)"
    )
    base.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POLYGON', 4326, 0, 0)")
    base.commit()
    base.close()


@pytest.mark.parametrize("layer", [None, "v", "good"])
def test_views_and_virtual_tables_of_a_geopackage_reach_nothing(
    layer: str | None,
    server: AskedServer,
    secret: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW", "YES")
    view = "CREATE VIEW v AS SELECT fid, geom, {} AS name FROM good"
    tables = {
        "VirtualOGR": f"CREATE VIRTUAL TABLE v USING VirtualOGR('{secret}/s.gpkg')",
        "of-address": f"CREATE VIRTUAL TABLE v USING VirtualOGR('/vsicurl/{server.url}/x')",
        "VirtualShape": f"CREATE VIRTUAL TABLE v USING VirtualShape('{secret}/s', 'UTF-8', 4326)",
    }
    functions = {
        "geocode": "ogr_geocode('Delft')",
        "extension": "load_extension('/x')",
        "file": "readfile('/etc/passwd')",
        "layers": f"ogr_datasource_load_layers('{secret}/s.gpkg')",
        "pixel": f"gdal_get_pixel_value('/vsicurl/{server.url}/x', 1, 'georef', 1, 1)",
    }
    cases = [(name, "table", sql) for name, sql in tables.items()]
    cases += [(name, "view", view.format(sql)) for name, sql in functions.items()]
    for name, kind, sql in cases:
        path = tmp_path / f"{name}.gpkg"
        database(path, kind, sql)
        outcome(lambda path: areas.read(path, layer=layer), path, server, tmp_path)
        outcome(READERS["context"], path, server, tmp_path)


def test_a_mapinfo_table_that_names_others_is_refused(
    server: AskedServer, secret: Path, tmp_path: Path
) -> None:
    good = (secret / "s.tab").read_text()
    for name, text in {
        "view": f'!table\n!version 100\nopen table "{secret}/s"\ncreate view v as\nselect name\n',
        "seamless": good + 'begin_metadata\n"\\IsSeamless" = "TRUE"\nend_metadata\n',
        "linked": good.replace("Type NATIVE", "Type LINKED"),
        "elsewhere": good.replace("Type NATIVE", f'File "{secret}/s.dat"\n  Type NATIVE'),
    }.items():
        (tmp_path / f"{name}.tab").write_text(text)
        said = outcome(READERS["areas"], tmp_path / f"{name}.tab", server, tmp_path)
        assert "cannot be read" in said


def test_files_beside_a_csv_are_not_taken_for_it(
    server: AskedServer, secret: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text('name,WKT\nnorth,"POLYGON((4 51,5 51,5 52,4 51))"\n')
    (tmp_path / "a.csvt").write_text("String,WKT\n")
    (tmp_path / "a.prj").write_text(f"{server.url}/prj")
    (tmp_path / "a.vrt").write_text(vrt(f"{secret}/s.geojson"))
    assert "north" in outcome(READERS["areas"], tmp_path / "a.csv", server, tmp_path)
    link = {"type": "link", "properties": {"href": f"{server.url}/crs"}}
    cell = json.dumps({**SQUARE, "crs": link}).replace('"', '""')
    (tmp_path / "b.csv").write_text(f'name,WKT\nnorth,"{cell}"\n')
    assert "holds no polygon" in outcome(READERS["areas"], tmp_path / "b.csv", server, tmp_path)


def test_an_archive_brings_nothing_in_and_nothing_out(server: AskedServer, tmp_path: Path) -> None:
    evil = vrt(f"/vsicurl/{server.url}/x.geojson")
    link = links(server.url)["last.geojson"]
    for name, members in {
        "vrt": {"a.vrt": evil},
        "disguised": {"a.geojson": evil},
        "crs": {"deep/a.geojson": link},
        "nothing": {"readme.txt": "hello"},
        "nested": {"inner.zip": "PK"},
    }.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        said = outcome(READERS["areas"], tmp_path / f"{name}.zip", server, tmp_path)
        assert "cannot be read" in said
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as archive:
        archive.writestr("../../up.geojson", json.dumps(collection(SQUARE, name="n")))
    assert "n" in outcome(READERS["areas"], tmp_path / "up.zip", server, tmp_path)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".zip", ""])
def test_a_pipe_or_a_folder_is_refused_at_once(ending: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    for name, said in (
        ("pipe", "is a pipe or a device"),
        ("folder", "cannot be read: it is a folder"),
    ):
        for read in (areas.read, READERS["context"]):
            with pytest.raises(InputError, match=rf"{name}.*{said}"):
                read(tmp_path / f"{name}{ending}")


def test_a_crs_with_a_remote_grid_is_refused(server: AskedServer, tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"name": ["n"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_file(path)
    proj = f"+proj=longlat +ellps=bessel +nadgrids={server.url}/g.tif +no_defs"
    path.with_suffix(".prj").write_text(pyproj.CRS(proj).to_wkt("WKT1_GDAL"))
    was = pyproj.network.is_network_enabled()
    pyproj.network.set_network_enabled(True)
    try:
        said = outcome(areas.read, path, server, tmp_path)
        assert "its CRS names a grid" in said
        outcome(READERS["context"], path, server, tmp_path)
    finally:
        pyproj.network.set_network_enabled(was)


def test_a_file_from_an_address_asks_for_nothing_more(server: AskedServer, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    (tmp_path / "a.geojson").write_text(vrt(f"/vsicurl/{server.url}/x.geojson"))
    (tmp_path / "b.geojson").write_text(links(server.url)["last.geojson"])
    with served(tmp_path) as url:
        for read, error in ((areas.read, AreasError), (manifest.read, ManifestError)):
            with pytest.raises(error, match=rf"{url}/a\.geojson: cannot be read.* an OGR VRT"):
                read(f"{url}/a.geojson")
            with pytest.raises(error, match=rf'{url}/b\.geojson: cannot be read.*"crs" is not'):
                read(f"{url}/b.geojson")
    assert server.asked == []


def test_what_the_user_names_is_a_path_and_nothing_else(
    server: AskedServer, tmp_path: Path
) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps(collection(SQUARE, name="n")))
    for option in (
        f"/vsicurl/{server.url}/x.geojson",
        f"GeoJSON:{tmp_path}/a.geojson",
        f"WFS:{server.url}/wfs",
        json.dumps(collection(SQUARE)),
    ):
        for read in READERS.values():
            with pytest.raises(InputError, match="no such file"):
                read(Path(option))
    assert server.asked == []


def test_the_handed_files_reach_nothing(
    server: AskedServer, secret: Path, tmp_path: Path, shared: Path
) -> None:
    handed = sorted((shared / "cases").glob("areas-*"))
    if not handed:
        pytest.skip(f"{shared} has no cases")
    shutil.copy(secret / "s.geojson", tmp_path / "here" / "secret.geojson")
    for path in handed:
        if "self-crossing" in path.name:
            continue  # it takes long, and is another's test
        copy = tmp_path / path.name
        text = path.read_bytes().replace(b"127.0.0.1:8931", server.url.encode()[7:])
        copy.write_bytes(text)
        for reader in ("areas", "context", "manifest"):
            said = outcome(READERS[reader], copy, server, tmp_path)
            if reader != "manifest" and ("fetches" in path.name or "-reads-" in path.name):
                assert "cannot be read: it" in said


DRIVERS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSONSeq",
    ".GeoJSON": "GeoJSON",
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
    ".kml": "LIBKML",
    ".kmz": "LIBKML",
    ".gml": "GML",
    ".tab": "MapInfo File",
    ".mif": "MapInfo File",
    ".gdb": "OpenFileGDB",
}
BOXES = {"north": box(4.0, 52.0, 4.5, 52.5), "south": box(4.0, 51.5, 4.5, 52.0)}


def written(path: Path, driver: str) -> Path:
    frame = gpd.GeoDataFrame({"name": list(BOXES)}, geometry=list(BOXES.values()), crs=4326)
    frame.to_file(path, driver=driver)
    return path


def assert_both_boxes(read: gpd.GeoDataFrame) -> None:
    found = dict(zip(read["name"], read.geometry, strict=True))
    assert set(found) == set(BOXES)
    for name, shape in BOXES.items():
        assert found[name].symmetric_difference(shape).area < 1e-6


@pytest.mark.parametrize("ending", sorted(DRIVERS))
def test_plain_formats_are_read_and_nothing_is_left_beside_them(
    ending: str, tmp_path: Path
) -> None:
    path = written(tmp_path / f"a{ending}", DRIVERS[ending])
    before = listing(tmp_path)
    assert_both_boxes(areas.read(path))
    context.read(path)
    assert listing(tmp_path) == before


def test_formats_that_gdal_does_not_write_are_read(tmp_path: Path) -> None:
    rings = {name: [list(map(list, shape.exterior.coords))] for name, shape in BOXES.items()}
    esri = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4326},
        "fields": [{"name": "name", "type": "esriFieldTypeString"}],
        "features": [
            {"attributes": {"name": name}, "geometry": {"rings": [ring[0][::-1]]}}
            for name, ring in rings.items()
        ],
    }
    topology = {
        "type": "Topology",
        "arcs": [ring[0] for ring in rings.values()],
        "objects": {
            "a": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[i]], "properties": {"name": name}}
                    for i, name in enumerate(rings)
                ],
            }
        },
    }
    (tmp_path / "esri.json").write_text(json.dumps(esri))
    assert_both_boxes(areas.read(tmp_path / "esri.json"))
    (tmp_path / "topology.json").write_text(json.dumps(topology))
    assert_both_boxes(areas.read(tmp_path / "topology.json", crs="EPSG:4326"))
    rows = "".join(f'{name},"{shape.wkt}"\n' for name, shape in BOXES.items())
    (tmp_path / "table.csv").write_text(f"name,WKT\n{rows}")
    assert_both_boxes(areas.read(tmp_path / "table.csv", crs="EPSG:4326"))
    frame = gpd.GeoDataFrame({"name": list(BOXES)}, geometry=list(BOXES.values()), crs=4326)
    for name in ("a.parquet", "a.geoparquet"):
        frame.to_parquet(tmp_path / name)
        assert_both_boxes(areas.read(tmp_path / name))
        context.read(tmp_path / name)


def test_a_track_of_a_receiver_is_read_as_context(tmp_path: Path) -> None:
    line = LineString([(4, 52), (4.1, 52.1), (4.2, 52.1)])
    frame = gpd.GeoDataFrame({"name": ["way"]}, geometry=[line], crs=4326)
    frame.to_file(tmp_path / "a.gpx", driver="GPX", layer="routes")
    with vector.opened(tmp_path / "a.gpx") as source:
        names = [name for name, _ in source.layers()]
        assert source.read("routes").geometry[0].equals(line)
    assert {"routes", "tracks", "waypoints"} <= set(names)


@pytest.mark.parametrize("folder", ["", "export/2024/"])
@pytest.mark.parametrize("ending", [".shp", ".gpkg", ".geojson", ".gdb", ".tab"])
def test_archives_are_read_whatever_folders_they_have(
    ending: str, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path / "in" / f"a{ending}", DRIVERS[ending])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in (tmp_path / "in").rglob("*"):
            archive.write(file, f"{folder}{file.relative_to(tmp_path / 'in')}")
        archive.writestr(f"{folder}a.shp.xml", "<metadata/>")
        archive.writestr("__MACOSX/._a.shp", "x")
    (tmp_path / "in").rename(tmp_path / "away")
    assert_both_boxes(areas.read(tmp_path / "a.zip"))


def test_an_archive_of_several_asks_which(tmp_path: Path) -> None:
    for name in ("town.shp", "land.shp"):
        written(tmp_path / name, "ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in sorted(tmp_path.glob("*.???")):
            if file.suffix != ".zip":
                archive.write(file, file.name)
                archive.write(file, f"old/{file.name}")
    with pytest.raises(AreasError, match="has several layers; name one with --layer"):
        areas.read(tmp_path / "a.zip")


def test_addresses_that_end_in_no_known_ending_are_known_by_their_content(tmp_path: Path) -> None:
    for ending in (".geojson", ".gpkg", ".kml", ".fgb", ".gml"):
        path = written(tmp_path / f"a{ending}", DRIVERS[ending])
        assert_both_boxes(areas.read(path.rename(tmp_path / "query")))
        (tmp_path / "query").unlink()


@pytest.mark.parametrize("name", ["a;b.geojson", "a!b.geojson", "a?b.shp", "o'x#%41 ü.gpkg"])
def test_names_that_look_like_parts_of_an_address_are_names(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "one!two;three?"
    folder.mkdir()
    assert_both_boxes(areas.read(written_then_moved(folder / name, tmp_path)))


def written_then_moved(path: Path, by: Path) -> Path:
    """Write under a plain name first: pyogrio itself would take the name for an address."""
    plain = written(by / f"plain{path.suffix}", DRIVERS[path.suffix])
    for file in by.glob("plain.*"):
        file.rename(path.with_suffix(file.suffix))
    assert not plain.exists()
    return path


def test_what_another_program_has_written_to_a_geopackage_is_read(tmp_path: Path) -> None:
    """QGIS keeps a GeoPackage in this mode while it is open: new rows stand in a file beside it."""
    path = written(tmp_path / "a.gpkg", "GPKG")
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("PRAGMA wal_autocheckpoint=0")
    other.execute("DROP TRIGGER IF EXISTS rtree_a_geom_update6")
    for (trigger,) in other.execute(
        "SELECT name FROM sqlite_master WHERE type='trigger'"
    ).fetchall():
        other.execute(f'DROP TRIGGER "{trigger}"')
    other.execute("UPDATE a SET name = 'east' WHERE name = 'south'")
    other.commit()
    before = listing(tmp_path)
    assert any(name.endswith("-wal") for name in before)
    assert set(areas.read(path)["name"]) == {"north", "east"}
    assert listing(tmp_path) == before
    other.close()


def test_a_database_that_is_not_open_gets_no_files_beside_it_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.gpkg", "GPKG")
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode=WAL")
    base.close()
    before, during = listing(tmp_path), []
    real = pyogrio.read_dataframe

    def watched(*args: Any, **options: Any) -> Any:
        with pyogrio.open_arrow(*args, use_pyarrow=True, **options):
            during.append(listing(tmp_path))
        return real(*args, **options)

    monkeypatch.setattr(pyogrio, "read_dataframe", watched)
    assert_both_boxes(areas.read(path))
    assert during == [before]


def test_afterwards_pyogrio_is_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path / "a.geojson", "GeoJSON")
    evil = tmp_path / "evil.geojson"
    evil.write_text(vrt(str(path), "a"))
    pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": "proxy.example:3128", "OGR_SKIP": None})
    try:
        drivers = pyogrio.list_drivers()
        for read in (areas.read, READERS["context"], manifest.read):
            for one in (path, evil):
                with suppress(InputError):
                    read(one)
        assert pyogrio.list_drivers() == drivers
        assert pyogrio.get_gdal_config_option("GDAL_HTTP_PROXY") == "proxy.example:3128"
        assert pyogrio.get_gdal_config_option("OGR_SKIP") is None
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": None})
    assert gpd.read_file(evil)["name"].tolist() == ["north", "south"]  # the user's own affair


def test_drivers_that_the_user_skips_stay_skipped(tmp_path: Path) -> None:
    """In a process of its own, where GDAL has registered its drivers by then."""
    path = written(tmp_path / "a.geojson", "GeoJSON")
    (tmp_path / "b.geojson").write_text(vrt(str(path), "a"))
    program = (
        "import pyogrio\nfrom geobike import areas, errors\n"
        f"print(areas.read({str(path)!r})['name'].tolist())\n"
        f"try: print(areas.read({str(tmp_path / 'b.geojson')!r}))\n"
        "except errors.AreasError as error: print(error)\n"
        "print('OGR_VRT' in pyogrio.list_drivers(), 'WFS' in pyogrio.list_drivers())\n"
    )
    for skip, left in (("OGR_VRT,WFS", "False False"), ("", "True True")):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"OGR_SKIP": skip},
            capture_output=True,
            text=True,
            check=True,
        )
        names, refused, after = done.stdout.splitlines()
        assert names == "['north', 'south']"
        assert "is an OGR VRT" in refused
        assert after == left


def test_the_list_of_drivers_alone_keeps_out_what_names_others(
    server: AskedServer, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the check of the content is GDAL's list of drivers: neither relies on the other."""
    monkeypatch.setattr(vector_kinds, "checked", lambda file, _: file)
    remote, web = vrt(f"/vsicurl/{server.url}/x.geojson", "x"), f"{server.url}/wfs"
    pipeline = f"gdal vector pipeline ! read {secret}/s.geojson ! write --format stream dummy"
    for name, text in {
        "a.geojson": remote,
        "b.json": json.dumps({"type": "gdal_streamed_alg", "command_line": pipeline}),
        "c.xml": f"<OGRWFSDataSource><URL>{web}</URL></OGRWFSDataSource>",
        "d.kml": f"<kml></kml>{remote}",
        "e.csv": vrt(f"{secret}/s.geojson", "s"),
        "f.gml": vrt(f"{secret}/s.geojson", "s"),
    }.items():
        (tmp_path / name).write_text(text)
        outcome(READERS["areas"], tmp_path / name, server, tmp_path)


def test_the_proxy_alone_keeps_a_link_from_being_followed(
    server: AskedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_kinds, "checked", lambda file, _: file)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    for name, text in links(server.url).items():
        (tmp_path / name).write_text(text)
        outcome(READERS["areas"], tmp_path / name, server, tmp_path)


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"a{ending}", DRIVERS[ending]) for ending in (".gpkg", ".shp")]
    found: list[pd.DataFrame] = []
    threads = [
        threading.Thread(target=lambda path=path: found.append(areas.read(path)))
        for path in paths * 8
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    for read in found:
        assert_both_boxes(read)


def test_columns_that_only_a_kmls_schema_declares_are_read_of_a_kmz_too(tmp_path: Path) -> None:
    columns = {"name": list(BOXES), "code": ["0101", "0102"]}
    frame = gpd.GeoDataFrame(columns, geometry=list(BOXES.values()), crs=4326)
    frame.to_file(tmp_path / "doc.kml", driver="KML")
    with zipfile.ZipFile(tmp_path / "areas.kmz", "w") as archive:
        archive.write(tmp_path / "doc.kml", "doc.kml")
        archive.writestr("files/logo.png", b"\x89PNG")
    read = areas.read(tmp_path / "areas.kmz", id_column="code")
    assert read["area_id"].tolist() == ["0101", "0102"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.geojson", b'{"error": {"code": 499, "message": "Token Required"}}', "token required"),
        ("a.gml", b'<?xml version="1.0"?><ows:ExceptionReport/>', "refusal of a service"),
        ("a.geojson", '{"type": "FeatureCollection"}'.encode("utf-16"), "UTF-16 text"),
        ("a.kml", "<kml></kml>".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_what_a_service_or_an_editor_wrote_instead_is_called_what_it_is(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AreasError, match=f"cannot be read: it is .*{said}"):
        areas.read(tmp_path / name)


def test_geojson_in_another_encoding_names_the_option_that_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    text = json.dumps(collection(SQUARE, name="Café"), ensure_ascii=False)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(AreasError, match=r"not UTF-8 \(byte 0xe9\).*--encoding cp1252"):
        areas.read(path)
    assert areas.read(path, encoding="cp1252")["name"].tolist() == ["Café"]


def test_a_ring_that_a_file_leaves_open_is_closed_and_told(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    open_ring = {"type": "Polygon", "coordinates": [RING[:-1]]}
    path.write_text(json.dumps(collection(open_ring, name="a")))
    with pytest.warns(GeobikeWarning, match=r"areas\.geojson: a polygon's ring is not closed"):
        read = areas.read(path)
    assert read.geometry.iloc[0].equals(shapely.Polygon(RING))


def test_what_a_library_warns_of_is_said_of_the_file_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    high = {"type": "Polygon", "coordinates": [[[*point, 5, 7] for point in RING]]}
    mixed = collection(high, name=1)
    mixed["features"] += collection(SQUARE, name="b")["features"]
    path.write_text(json.dumps(mixed))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        areas.read(path)
    assert {one.category for one in caught} <= {GeobikeWarning}
    assert any(str(one.message).startswith("areas.geojson: OGRGeoJSON") for one in caught)


def test_all_layers_with_lines_or_polygons_are_background(tmp_path: Path) -> None:
    path = tmp_path / "context.gpkg"
    layers = {
        "poi": Point(4.1, 52.1),
        "water": box(4, 52, 5, 53),
        "streets": LineString([(4, 52), (5, 52)]),
    }
    for layer, shape in layers.items():
        gpd.GeoDataFrame({"name": ["x"]}, geometry=[shape], crs=4326).to_file(path, layer=layer)
    kinds = {shape.geom_type for shape in context.read(path).shapes}
    assert kinds == {"Polygon", "LineString"}
