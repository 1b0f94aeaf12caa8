"""What every implementation of Rows must do. A test class inherits these and says by a fixture which one it is."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.identifiers import new_id
from shared.storage.rows import Change, Delete, Insert, Replace, RowConflict, Rows, Upsert, key_of, range_below

ODD_TEXTS = (
    *(
        "a/b",
        "a\\b",
        "a#b",
        "a?b",
        "a%2Fb",
        "a'b",
        "a~b",
        "a|b",
        "a}b",
        "a b",
        " ",
        "",
        "..",
        "'",
        "''",
        '"',
        "a+b&c=d",
    ),
    *(
        "å",
        "日本",
        "🔌",
        "\t",
        "\x00",
        "a\nb",
        "~7C",
        "A",
        "a",
        "-",
        ".",
        ":",
        "_",
        "x" * 300,
        "å" * 300,
        "x" * 299 + "y",
    ),
)


async def written(rows: Rows, partition: str, *changes: Change) -> dict[str, str]:
    return await rows.commit(partition=partition, changes=changes)


async def keys_between(rows: Rows, partition: str, first: str = "", before: str = "~") -> list[str]:
    return [row.key for row in await rows.query(partition=partition, first=first, before=before)]


class RowsContract:
    """Needs a fixture `rows`."""

    @pytest.fixture
    def partition(self) -> str:
        return f"7080000000005|{new_id()}"

    async def test_nothing_is_read_where_nothing_was_written(self, rows: Rows, partition: str) -> None:
        assert await rows.read(partition=partition, key="a") is None
        assert await rows.query(partition=partition, first="", before="~") == []

    async def test_what_was_written_is_read_with_the_version_that_the_commit_gave(
        self, rows: Rows, partition: str
    ) -> None:
        versions = await written(rows, partition, Insert(key="a", text='{"a":1}'), Upsert(key="b", text=""))
        assert set(versions) == {"a", "b"}
        for key, text in (("a", '{"a":1}'), ("b", "")):
            row = await rows.read(partition=partition, key=key)
            assert row is not None
            assert (row.key, row.text, row.version) == (key, text, versions[key])

    async def test_every_write_makes_another_version(self, rows: Rows, partition: str) -> None:
        seen = [(await written(rows, partition, Upsert(key="a", text="same")))["a"] for _ in range(5)]
        assert len(set(seen)) == 5

    async def test_partitions_do_not_see_each_other(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, Insert(key="a", text="here"))
        assert await rows.read(partition=partition + "0", key="a") is None
        assert await keys_between(rows, partition + "0") == []

    async def test_an_insert_over_a_row_is_a_conflict(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, Insert(key="a", text="first"))
        await self.refused(rows, partition, Insert(key="a", text="second"))
        await self.holds(rows, partition, {"a": "first"})

    async def test_a_replace_needs_the_version_that_is_there(self, rows: Rows, partition: str) -> None:
        first = (await written(rows, partition, Insert(key="a", text="1")))["a"]
        second = (await written(rows, partition, Replace(key="a", text="2", version=first)))["a"]
        await self.refused(rows, partition, Replace(key="a", text="3", version=first))
        await self.holds(rows, partition, {"a": "2"})
        await written(rows, partition, Replace(key="a", text="4", version=second))
        await self.holds(rows, partition, {"a": "4"})

    async def test_a_replace_of_a_row_that_is_gone_is_a_conflict(self, rows: Rows, partition: str) -> None:
        version = (await written(rows, partition, Insert(key="a", text="1")))["a"]
        await written(rows, partition, Delete(key="a"))
        await self.refused(rows, partition, Replace(key="a", text="2", version=version))
        await self.holds(rows, partition, {})

    async def test_a_row_that_was_deleted_and_written_anew_is_not_the_one_that_was_read(
        self, rows: Rows, partition: str
    ) -> None:
        version = (await written(rows, partition, Insert(key="a", text="1")))["a"]
        await written(rows, partition, Delete(key="a"))
        await written(rows, partition, Insert(key="a", text="1"))
        await self.refused(rows, partition, Replace(key="a", text="2", version=version))

    async def test_a_delete_with_a_version_needs_the_one_that_is_there(self, rows: Rows, partition: str) -> None:
        first = (await written(rows, partition, Insert(key="a", text="1")))["a"]
        second = (await written(rows, partition, Replace(key="a", text="2", version=first)))["a"]
        await self.refused(rows, partition, Delete(key="a", version=first))
        await self.refused(rows, partition, Upsert(key="b", text="1"), Delete(key="a", version=first))
        await self.holds(rows, partition, {"a": "2"})
        await written(rows, partition, Delete(key="a", version=second))
        await self.holds(rows, partition, {})
        await self.refused(rows, partition, Delete(key="a", version=second))

    async def test_an_upsert_writes_whatever_stands_there(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, Upsert(key="a", text="a long text before"))
        await written(rows, partition, Upsert(key="a", text="short"))
        await self.holds(rows, partition, {"a": "short"})

    async def test_a_delete_removes_and_its_key_has_no_version(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, Insert(key="a", text="1"), Insert(key="b", text="2"))
        assert set(await written(rows, partition, Delete(key="a"), Upsert(key="c", text="3"))) == {"c"}
        await self.holds(rows, partition, {"b": "2", "c": "3"})

    async def test_a_delete_of_what_is_not_there_is_a_conflict(self, rows: Rows, partition: str) -> None:
        await self.refused(rows, partition, Delete(key="a"))

    @pytest.mark.parametrize("at_fault", [0, 1, 2])
    @pytest.mark.parametrize("fault", ["insert", "replace", "delete"])
    async def test_nothing_of_a_refused_commit_is_visible(
        self, rows: Rows, partition: str, fault: str, at_fault: int
    ) -> None:
        versions = await written(rows, partition, Insert(key="kept", text="1"), Insert(key="stale", text="1"))
        await written(rows, partition, Upsert(key="stale", text="2"))
        refused: dict[str, Change] = {
            "insert": Insert(key="kept", text="2"),
            "replace": Replace(key="stale", text="3", version=versions["stale"]),
            "delete": Delete(key="absent"),
        }
        changes: list[Change] = [Insert(key="new", text="1"), Upsert(key="newer", text="1")]
        changes.insert(at_fault, refused[fault])
        await self.refused(rows, partition, *changes)
        await self.holds(rows, partition, {"kept": "1", "stale": "2"})

    async def test_of_many_who_insert_the_same_row_one_succeeds(self, rows: Rows, partition: str) -> None:
        outcomes = await asyncio.gather(
            *(
                written(rows, partition, Insert(key="a", text=str(one)), Insert(key=f"beside-{one}", text=""))
                for one in range(8)
            ),
            return_exceptions=True,
        )
        assert sorted(isinstance(outcome, RowConflict) for outcome in outcomes) == [False] + [True] * 7
        assert len(await keys_between(rows, partition)) == 2

    async def test_a_conflict_names_its_partition(self, rows: Rows, partition: str) -> None:
        with pytest.raises(RowConflict) as refused:
            await written(rows, partition, Delete(key="a"))
        assert refused.value.partition == partition

    async def test_a_hundred_changes_are_one_commit(self, rows: Rows, partition: str) -> None:
        changes = [Insert(key=f"{number:03d}", text=str(number)) for number in range(100)]
        assert len(await written(rows, partition, *changes)) == 100
        await self.refused(rows, partition, *(Upsert(key=f"{n:03d}", text="x") for n in range(99)), Delete(key="100"))
        await self.holds(rows, partition, {f"{number:03d}": str(number) for number in range(100)})

    @pytest.mark.parametrize(
        "changes",
        [
            [],
            [Upsert(key=f"{number}", text="") for number in range(101)],
            [Upsert(key="a", text="1"), Upsert(key="a", text="2")],
            [Upsert(key="a", text="1"), Delete(key="a")],
            [Upsert(key="a", text="x" * (900 * 1024 + 1))],
            [Upsert(key="a", text="å" * (450 * 1024 + 1))],
        ],
        ids=["none", "101", "one row twice", "written and deleted", "over 900 KB", "over 900 KB in two-byte letters"],
    )
    async def test_what_no_store_can_commit_is_refused_before_it_is_tried(
        self, rows: Rows, partition: str, changes: Sequence[Change]
    ) -> None:
        with pytest.raises(ValueError, match=r"commit has|has more than"):
            await rows.commit(partition=partition, changes=changes)
        await self.holds(rows, partition, {})

    @pytest.mark.parametrize(
        "text",
        [
            *("x" * length for length in (1, 15_999, 16_000, 16_001, 32_768, 199_999, 200_000, 200_001, 900 * 1024)),
            "🔌" * 70_000,
            "a" + "🔌" * 230_000,
            "å日🔌" * 100_000,
            '{"text":" \\u0000 \\\\ \\" ' + "é" * 20_000 + '"}',
        ],
        ids=lambda text: f"{len(text)} of {text[:2]}",
    )
    async def test_a_text_of_any_length_up_to_900_kb_comes_back_as_it_was(
        self, rows: Rows, partition: str, text: str
    ) -> None:
        await written(rows, partition, Insert(key="a", text=text))
        row = await rows.read(partition=partition, key="a")
        assert row is not None
        assert row.text == text
        assert [each.text for each in await rows.query(partition=partition, first="a", before="b")] == [text]
        await written(rows, partition, Replace(key="a", text="short again", version=row.version))
        await self.holds(rows, partition, {"a": "short again"})

    async def test_any_text_can_be_part_of_a_key_and_no_two_share_one(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, *(Insert(key=key_of("odd", text), text=text) for text in ODD_TEXTS))
        for text in ODD_TEXTS:
            row = await rows.read(partition=partition, key=key_of("odd", text))
            assert row is not None
            assert row.text == text
        first, before = range_below("odd")
        found = await rows.query(partition=partition, first=first, before=before)
        assert sorted(row.text for row in found) == sorted(ODD_TEXTS)
        assert [row.key for row in found] == sorted(row.key for row in found)

    async def test_a_range_below_parts_has_what_begins_with_them_and_nothing_else(
        self, rows: Rows, partition: str
    ) -> None:
        within = [key_of("story", "s/1", part) for part in ("line", "å", "|", "~", "session")]
        without = [
            key_of("story", "s/1"),
            key_of("story", "s/10", "line"),
            key_of("story", "s/", "line"),
            key_of("story", "s/1~", "line"),
            key_of("story", "s/1|", "line"),
            key_of("story", "s/1}", "line"),
            key_of("stor", "s/1", "line"),
            key_of("storyteller", "s/1", "line"),
        ]
        await written(rows, partition, *(Insert(key=key, text="") for key in within + without))
        assert await keys_between(rows, partition, *range_below("story", "s/1")) == sorted(within)

    async def test_a_range_begins_with_its_first_and_ends_before_its_before(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, *(Insert(key=key, text="") for key in ("a", "a-", "a|", "a}", "b", "b!", "B")))
        assert await keys_between(rows, partition, "a", "b") == ["a", "a-", "a|", "a}"]
        assert await keys_between(rows, partition, "a!", "b!") == ["a-", "a|", "a}", "b"]
        assert await keys_between(rows, partition, "b", "a") == []
        assert await keys_between(rows, partition, "b", "b") == []

    async def test_a_limit_gives_the_first_of_a_range(self, rows: Rows, partition: str) -> None:
        await written(rows, partition, *(Insert(key=f"{number:02d}", text="") for number in range(20)))
        for limit in (1, 7, 19, 20, 21, 5_000):
            found = await rows.query(partition=partition, first="00", before="99", limit=limit)
            assert [row.key for row in found] == [f"{number:02d}" for number in range(20)][:limit]

    async def test_a_range_of_more_than_a_thousand_rows_comes_whole(self, rows: Rows, partition: str) -> None:
        keys = [f"{number:04d}" for number in range(2_150)]
        for start in range(0, len(keys), 100):
            await written(rows, partition, *(Insert(key=key, text=key) for key in keys[start : start + 100]))
        found = await rows.query(partition=partition, first="0000", before="9999")
        assert [row.key for row in found] == keys
        assert all(row.text == row.key and row.version for row in found)
        some = await rows.query(partition=partition, first="0000", before="9999", limit=1_500)
        assert [row.key for row in some] == keys[:1_500]

    @staticmethod
    async def refused(rows: Rows, partition: str, *changes: Change) -> None:
        with pytest.raises(RowConflict):
            await rows.commit(partition=partition, changes=changes)

    @staticmethod
    async def holds(rows: Rows, partition: str, texts: dict[str, str]) -> None:
        found = await rows.query(partition=partition, first="", before="~~~")
        assert {row.key: row.text for row in found} == texts
