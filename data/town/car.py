"""Parked cars and vans."""

from functools import cache

import bpy

# isort: split
import bmesh  # found only once bpy is loaded

from data.town import materials
from data.town.mesh import Shape

PAINTS = (
    (0.50, 0.50, 0.50),
    (0.04, 0.04, 0.045),
    (0.16, 0.17, 0.18),
    (0.03, 0.06, 0.16),
    (0.35, 0.03, 0.03),
    (0.70, 0.70, 0.68),
)


@cache
def parked(*, van: bool = False) -> bpy.types.Mesh:
    """Return a parked car or delivery van, 4 to 5 m long, facing along x, centred."""
    body = [
        (-2.0, 0.28),
        (-2.02, 0.75),
        (-1.9, 0.92),
        (1.0, 0.92),
        (1.85, 0.74),
        (2.0, 0.55),
        (2.0, 0.28),
    ]
    cabin = [(-1.9, 0.90), (-1.6, 1.42), (0.05, 1.45), (0.95, 0.90)]
    if van:
        body = [(-2.5, 0.3), (-2.5, 2.1), (0.9, 2.1), (1.6, 1.15), (2.4, 0.95), (2.45, 0.3)]
        cabin = [(0.25, 1.25), (0.25, 1.9), (0.98, 1.9), (1.52, 1.25)]
    paint = materials.tinted("car", rough=0.22)
    glass = materials.plain("car glass", (0.01, 0.012, 0.015), rough=0.05)
    shape = Shape()
    shape.prism(body, 1.74, paint)
    if van:
        shape.prism(cabin, 1.76, glass)
    else:
        shape.prism(cabin, 1.46, glass)
        shape.prism([(-1.62, 1.40), (-1.45, 1.47), (-0.05, 1.49), (0.1, 1.42)], 1.42, paint)
        shape.prism([(-0.62, 0.9), (-0.62, 1.43), (-0.52, 1.43), (-0.52, 0.9)], 1.48, paint)
    mesh = _rounded(shape.mesh("car"), 0.05)
    return _with_trim(mesh, 2.45 if van else 2.0)


def _rounded(mesh: bpy.types.Mesh, radius: float) -> bpy.types.Mesh:
    """Take the sharpness off every edge."""
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.bevel(work, geom=work.edges, offset=radius, segments=2, affect="EDGES", profile=0.5)
    for face in work.faces:
        face.smooth = True
    work.to_mesh(mesh)
    work.free()
    return mesh


def _with_trim(body: bpy.types.Mesh, nose: float) -> bpy.types.Mesh:
    """Return the body with wheels, lights, bumpers and plates."""
    shape = Shape()
    for x in (-0.64 * nose, 0.64 * nose):
        for side in (-0.8, 0.8):
            shape.tube(
                [(x, side - 0.1, 0.31), (x, side + 0.1, 0.31)], 0.31, materials.black(), sides=24
            )
            shape.tube(
                [(x, side - 0.11, 0.31), (x, side + 0.11, 0.31)], 0.19, materials.steel(), sides=16
            )
    shape.box(
        (0, 0, 0.32), (2 * nose + 0.1, 1.72, 0.18), materials.plain("bumper", (0.03, 0.03, 0.03))
    )
    for side in (-0.62, 0.62):
        shape.box(
            (nose - 0.02, side, 0.66),
            (0.1, 0.3, 0.14),
            materials.plain("light", (0.8, 0.8, 0.75), rough=0.1),
        )
        shape.box(
            (-nose - 0.01, side, 0.75),
            (0.06, 0.25, 0.2),
            materials.plain("tail", (0.4, 0.01, 0.01), rough=0.2),
        )
    for end in (-nose - 0.06, nose + 0.05):
        shape.box((end, 0, 0.48), (0.02, 0.5, 0.11), materials.plain("plate", (0.75, 0.5, 0.03)))
    work = bmesh.new()
    trim = shape.mesh("trim")
    slots = len(body.materials)
    for material in trim.materials:
        body.materials.append(material)
    for polygon in trim.polygons:
        polygon.material_index += slots
    work.from_mesh(body)
    work.from_mesh(trim)
    work.to_mesh(body)
    work.free()
    return body
