"""The tree has every site once, whatever the sites say of each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.operators import Access, Site, in_effect, inherited_access, site_path, site_rows


def site(site_id: int, parent: int | None = None, access: Access | None = None) -> Site:
    """A site named after its number."""
    return Site(site_id=site_id, name=f"{site_id:03}", parent_site_id=parent, access=access)


async def test_a_circle_begins_a_tree_of_its_own() -> None:
    rows = await site_rows([site(1, 2), site(2, 3), site(3, 1), site(4)])
    assert [(row.depth, row.site.site_id) for row in rows] == [(0, 4), (0, 1), (1, 3), (2, 2)]


async def test_what_lies_deeper_than_fifty_begins_a_tree_of_its_own_and_keeps_what_it_inherits() -> None:
    rows = await site_rows(
        [site(each, each - 1 or None, Access.PRIVATE if each == 2 else None) for each in range(1, 61)]
    )
    depths = [row.depth for row in rows]
    assert (max(depths), depths.count(0)) == (49, 2)
    assert next(row for row in rows if row.site.site_id == 51).effect.access.value is Access.PRIVATE
    assert next(row for row in rows if row.site.site_id == 52).effect.access.value is Access.PUBLIC


@given(
    st.dictionaries(
        st.integers(0, 12),
        st.tuples(st.none() | st.integers(0, 12), st.none() | st.sampled_from(Access)),
        max_size=12,
    )
)
async def test_every_site_is_there_once_with_the_access_that_drivers_meet(
    said: dict[int, tuple[int | None, Access | None]],
) -> None:
    sites = {site_id: site(site_id, parent, access) for site_id, (parent, access) in said.items()}

    async def lookup(site_id: int) -> Site | None:
        return sites.get(site_id)

    rows = await site_rows(sites.values())
    assert sorted(row.site.site_id for row in rows) == sorted(sites)
    assert all(after.depth <= before.depth + 1 for before, after in pairwise(rows))
    for row in rows:
        path = await site_path(row.site.site_id, lookup=lookup)
        assert row.effect == in_effect(path)
        assert row.effect.access.value is inherited_access(path)
