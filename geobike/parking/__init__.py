"""Bicycle racks: places to park, beside the bicycles that stand there."""

from geobike.parking.options import check
from geobike.parking.racks import read
from geobike.parking.supply import Demand, Supply, measure

__all__ = ["Demand", "Supply", "check", "measure", "read"]
