"""Look at a GeoPackage with QGIS itself: what it loads by default, and the picture that it draws.

    QT_QPA_PLATFORM=offscreen python3 qgis_look.py survey.gpkg picture.png

Run by the Python that QGIS is installed for; it prints what it found as JSON.
"""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

TITLES = {
    "photos": ["photo_id"],
    "bicycles": ["fid"],
    "stops": ["stop_id"],
    "racks": ["rack_id"],
    "streets": ["street_id"],
    "areas": ["geobike_area_id", "area_id"],  # the second is the user's own where both are there
}
"""Layers, the uppermost first -> what names a feature of theirs."""


def look_at(layer):
    """Return what a person would notice about a layer."""
    rules = (
        layer.renderer().rootRule().children() if layer.renderer().type() == "RuleRenderer" else []
    )
    filters = [QgsExpression(rule.filterExpression()) for rule in rules]
    # One context for all: it owns its scopes, which another must not free again.
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFields(layer.fields())
    fits, tips, sizes = {}, {}, {}
    for feature in layer.getFeatures():
        context.setFeature(feature)
        chosen = [
            rule.label()
            for rule, one in zip(rules, filters, strict=True)
            if one.prepare(context) and one.evaluate(context)
        ]
        name = str(feature[title_column(layer)])
        fits[name] = chosen
        sizes[name] = [size_of(rule.symbol(), context) for rule in rules if rule.label() in chosen]
        tips[name] = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "rows": layer.featureCount(),
        "renderer": layer.renderer().type(),
        "legend": [item.label() for item in layer.renderer().legendSymbolItems()],
        "colours": [rule.symbol().color().name() for rule in rules],
        "errors": [one.parserErrorString() for one in filters if one.hasParserError()],
        "aliases": {f.name(): f.alias() for f in layer.fields() if f.alias()},
        "abstract": layer.metadata().abstract(),
        "fits": fits,
        "tips": tips,
        "sizes": sizes,
    }


def size_of(symbol, context):
    """Return how large a marker is drawn, None for lines and areas."""
    if not hasattr(symbol, "size"):
        return None
    rule = symbol.symbolLayer(0).dataDefinedProperties().property(QgsSymbolLayer.PropertySize)
    return rule.valueAsDouble(context, symbol.size())[0]


def title_column(layer):
    """Return the column that names a feature."""
    columns = [field.name() for field in layer.fields()]
    return next(name for name in TITLES[layer.name()] if name in columns)


def draw(layers, path):
    """Draw all layers as a person who dragged them in would see them."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setOutputSize(QSize(1200, 900))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor("white"))
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    change = QgsCoordinateTransform(
        layers[-1].crs(), settings.destinationCrs(), QgsProject.instance()
    )
    extent = change.transformBoundingBox(layers[-1].extent())
    extent.scale(1.06)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, 1200, 3) for y in range(0, 900, 3)}
    return {"errors": len(job.errors()), "saved": image.save(path), "colours": sorted(colours)}


def main():
    """Print what was found."""
    package, picture = sys.argv[1:3]
    opened = {name: QgsVectorLayer(f"{package}|layername={name}", name, "ogr") for name in TITLES}
    layers = [layer for layer in opened.values() if layer.isValid()]
    found = {layer.name(): look_at(layer) for layer in layers}
    drawn = draw(layers, picture)
    report = {"qgis": Qgis.QGIS_VERSION, "layers": found, "picture": drawn}
    sys.stdout.write(json.dumps(report))
    sys.stdout.flush()


application = QgsApplication([], False)
application.initQgis()
main()
os._exit(0)  # exitQgis() while layers are alive ends in a segmentation fault
