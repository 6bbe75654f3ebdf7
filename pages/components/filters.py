"""The one quiet bar of filters: department and class, the same on every page, and along the way.

What is chosen stands in the link of the page and goes along to the next one (`frame.TRAVELS`).
A page that cannot apply what is carried says so, rather than seem to have done it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from forecasting.plan.live import LivePlan
from pages.components import frame
from pages.components.text import plain

DEPARTMENTS, CLASSES, DOORS = "All departments", "All classes", "all"
"""What stands for no filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Which part of the assortment is looked at."""

    department: str
    klass: str
    skus: frozenset[str] | None
    """By name; None: all of them."""

    @property
    def names(self) -> Sequence[str]:
        """What is filtered by, from the whole to the part."""
        found = (self.department, self.klass)
        return [name for name in found if name not in (DEPARTMENTS, CLASSES)]


def products(plan: LivePlan) -> Products:
    """The choice of a department and a class of it."""
    departments = [DEPARTMENTS, *plan.products.names("department")]
    department = frame.select("Department", departments, key="department", width=150)
    at = np.arange(len(plan.sku_names))
    if department != DEPARTMENTS:
        at = plan.products.members("department", department)
    classes = [CLASSES, *sorted(set(plan.products.nodes["class"][at]))]
    klass = frame.select("Class", classes, key="class", width=140)
    if klass != CLASSES:
        at = plan.products.members("class", klass)
    is_all = department == DEPARTMENTS and klass == CLASSES
    skus = None if is_all else frozenset(plan.sku_names[n] for n in at)
    return Products(department=department, klass=klass, skus=skus)


def note(of: Products, *, has_doors: bool) -> None:
    """What is filtered by, in a line; nothing where nothing is.

    Parameters
    ----------
    has_doors : bool
        The page also applies the choice of doors.
    """
    place = frame.carried().get("place", DOORS)
    parts = [f"Only {plain(' · '.join(of.names))}"] if of.names else []
    if not has_doors and place != DOORS:
        parts.append(f"all doors: {plain(place.partition(':')[2])} is not applied on this page")
    if not parts:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="filtered"):
        st.caption(" · ".join(parts), width="content")
        if of.names:
            st.button("Show everything", key="filters_off", type="tertiary", on_click=_off)


def _off() -> None:
    """Look at everything, here and on the next pages."""
    frame.carried().clear()
    st.session_state[frame.slot("department")] = DEPARTMENTS
    st.session_state[frame.slot("class")] = CLASSES
