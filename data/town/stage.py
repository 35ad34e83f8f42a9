"""The stage of one photo: what was placed on it, and which of it are bicycles."""

import math
import random
from dataclasses import dataclass, field

import bpy

from data.town import bicycle, people

Colour = tuple[float, float, float]


@dataclass
class Stage:
    """Places instances of meshes; metres, x along the street, y away from the camera."""

    chance: random.Random  # of what stays: houses and trees
    visit: random.Random  # of the bicycles that stand there in this survey
    moment: random.Random  # of who passes by
    bicycles: list[bpy.types.Object] = field(default_factory=list)
    ridden: list[bpy.types.Object] = field(default_factory=list)

    def place(
        self,
        mesh: bpy.types.Mesh,
        x: float,
        y: float,
        *,
        z: float = 0.0,
        yaw: float = 0.0,  # degrees, counter-clockwise from x
        lean: float = 0.0,  # degrees, the top goes to the thing's right
        colour: Colour = (0.5, 0.5, 0.5),
        scale: float = 1.0,
    ) -> bpy.types.Object:
        """Place one instance: its mesh is shared, not copied."""
        thing = bpy.data.objects.new(mesh.name, mesh)
        thing.location = (x, y, z)
        thing.rotation_euler = (math.radians(lean), 0, math.radians(yaw))
        thing.scale = (scale, scale, scale)
        thing.color = (*colour, 1)
        bpy.context.scene.collection.objects.link(thing)
        return thing

    def bicycle(self, x: float, y: float, *, yaw: float, lean: float) -> None:
        """Place a bicycle with its middle at x, y, of a make and colour left to chance."""
        make = self.visit.choices(bicycle.MAKES, weights=(32, 24, 14, 18, 7, 5))[0]
        colour = self.visit.choice(bicycle.FRAME_COLOURS)
        at = _rear(make, x, y, yaw)
        self.bicycles.append(self.place(bicycle.mesh(make), *at, yaw=yaw, lean=lean, colour=colour))

    def rider(self, x: float, y: float, *, z: float, yaw: float) -> None:
        """Let somebody ride past with the middle of the bicycle at x, y."""
        make = self.moment.choice(bicycle.MAKES[:2])
        paint, coat = (self.moment.choice(c) for c in (bicycle.FRAME_COLOURS, people.COATS))
        at = _rear(make, x, y, yaw)
        self.ridden.append(self.place(bicycle.mesh(make), *at, z=z, yaw=yaw, colour=paint))
        figure = people.rider(self.moment.randrange(people.FIGURES))
        self.place(figure, *at, z=z, yaw=yaw, colour=coat)

    def ground(
        self, material: bpy.types.Material, x: tuple[float, float], y: tuple[float, float], z: float
    ) -> bpy.types.Object:
        """Lay a flat surface."""
        corners = [(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)]
        return self.surface(corners, material)

    def surface(
        self, corners: list[tuple[float, float, float]], material: bpy.types.Material
    ) -> bpy.types.Object:
        """Lay one flat face of any shape."""
        mesh = bpy.data.meshes.new("ground")
        mesh.from_pydata(corners, [], [tuple(range(len(corners)))])
        mesh.materials.append(material)
        return self.place(mesh, 0, 0)


def _rear(make: bicycle.Make, x: float, y: float, yaw: float) -> tuple[float, float]:
    """Return where the rear wheel stands of a bicycle with its middle at x, y."""
    back, turn = make.base / 2, math.radians(yaw)
    return x - back * math.cos(turn), y - back * math.sin(turn)


def clear() -> None:
    """Take everything off the stage; meshes and materials stay for the next photo."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    for mesh in list(bpy.data.meshes):
        if mesh.name.startswith("ground"):
            bpy.data.meshes.remove(mesh)
