"""Gathers tubes, boxes and balls into one mesh, so that a whole bicycle is one object."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import bpy
from mathutils import Vector

Point = Sequence[float]


class Shape:
    """A mesh in the making. Every part names the material it is made of; lengths are metres."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float, float]] = []
        self._faces: list[tuple[int, ...]] = []
        self._materials: list[bpy.types.Material] = []
        self._slots: list[int] = []
        self._smooth: list[bool] = []

    def tube(
        self,
        path: Sequence[Point],
        radius: float,
        material: bpy.types.Material,
        *,
        sides: int = 7,
        closed: bool = False,
    ) -> None:
        """Add a round tube along a path."""
        points = [Vector(p) for p in path]
        rings = []
        for at, point in enumerate(points):
            before = points[at - 1] if at or closed else point
            after = points[(at + 1) % len(points)] if at + 1 < len(points) or closed else point
            along = (after - before).normalized()
            across = along.cross(Vector((0, 1, 0)) if abs(along.y) < 0.9 else Vector((1, 0, 0)))
            across.normalize()
            up = along.cross(across)
            angles = [2 * math.pi * side / sides for side in range(sides)]
            ring = [point + radius * (math.cos(a) * across + math.sin(a) * up) for a in angles]
            rings.append(self._add_points(ring))
        pairs = list(zip(rings, rings[1:] + rings[:1], strict=True))
        for one, other in pairs if closed else pairs[:-1]:
            self._bridge(one, other, sides, material)
        if not closed:
            for ring in (rings[0], rings[-1]):
                self._add_face(tuple(range(ring, ring + sides)), material, smooth=False)

    def ring(
        self, centre: Point, radius: float, thick: float, material: bpy.types.Material
    ) -> None:
        """Add a torus that stands upright along x, as a tyre does."""
        self.tube(arc(centre, radius, 0, 360, 32)[:-1], thick, material, sides=6, closed=True)

    def box(self, centre: Point, size: Point, material: bpy.types.Material) -> None:
        """Add a box with its sides along the axes."""
        x, y, z = centre
        a, b, c = (edge / 2 for edge in size)
        corners = [
            (x + i * a, y + j * b, z + k * c) for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)
        ]
        first = self._add_points(corners)
        for face in (
            (0, 2, 3, 1),
            (4, 5, 7, 6),
            (0, 1, 5, 4),
            (2, 6, 7, 3),
            (0, 4, 6, 2),
            (1, 3, 7, 5),
        ):
            self._add_face(tuple(first + corner for corner in face), material, smooth=False)

    def ball(
        self, centre: Point, radii: Point, material: bpy.types.Material, *, sides: int = 12
    ) -> None:
        """Add an ellipsoid."""
        rows = max(sides // 2, 4)
        rings = []
        for row in range(rows + 1):
            tilt = math.pi * row / rows
            turns = [2 * math.pi * side / sides for side in range(sides)]
            unit = [
                (math.sin(tilt) * math.cos(t), math.sin(tilt) * math.sin(t), math.cos(tilt))
                for t in turns
            ]
            rings.append(
                self._add_points(
                    [
                        tuple(c + r * u for c, r, u in zip(centre, radii, p, strict=True))
                        for p in unit
                    ]
                )
            )
        for one, other in pairwise(rings):
            self._bridge(one, other, sides, material)

    def polygon(self, corners: Sequence[Point], material: bpy.types.Material) -> None:
        """Add one flat face."""
        first = self._add_points(corners)
        self._add_face(tuple(range(first, first + len(corners))), material, smooth=False)

    def prism(self, outline: Sequence[Point], width: float, material: bpy.types.Material) -> None:
        """Add a solid: an outline in x and z, as wide as said, centred on y = 0."""
        near = self._add_points([(x, -width / 2, z) for x, z in outline])
        far = self._add_points([(x, width / 2, z) for x, z in outline])
        count = len(outline)
        for side in range(count):
            after = (side + 1) % count
            self._add_face(
                (near + side, near + after, far + after, far + side), material, smooth=False
            )
        for first in (near, far):
            self._add_face(tuple(range(first, first + count)), material, smooth=False)

    def mesh(self, name: str) -> bpy.types.Mesh:
        """Return what was gathered."""
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(self._points, [], self._faces)
        for material in self._materials:
            mesh.materials.append(material)
        mesh.polygons.foreach_set("material_index", self._slots)
        mesh.polygons.foreach_set("use_smooth", self._smooth)
        mesh.update()
        return mesh

    def _bridge(self, one: int, other: int, sides: int, material: bpy.types.Material) -> None:
        for side in range(sides):
            after = (side + 1) % sides
            self._add_face((one + side, one + after, other + after, other + side), material)

    def _add_points(self, points: Iterable[Point]) -> int:
        first = len(self._points)
        self._points += [tuple(point) for point in points]
        return first

    def _add_face(
        self, corners: tuple[int, ...], material: bpy.types.Material, *, smooth: bool = True
    ) -> None:
        if material not in self._materials:
            self._materials.append(material)
        self._faces.append(corners)
        self._slots.append(self._materials.index(material))
        self._smooth.append(smooth)


def arc(
    centre: Point, radius: float, start: float, end: float, steps: int
) -> list[tuple[float, float, float]]:
    """Return points on an upright circle along x, between two angles in degrees from forward."""
    x, y, z = centre
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(a), y, z + radius * math.sin(a)) for a in angles]
