"use strict";
// Gives Azurite's tables the order that Azure's have: the rows of each partition sorted by their keys, so that a range
// and a point read are seeks. Azurite by itself looks through a whole table for each range. Loaded before Azurite by
// `node --require`; what Azurite answers stays the same. See docs/decisions/0019-azurite-seeks-ranges.md.

const { SortedRows } = require("./sorted_rows.cjs");

const READ = { azurite: "3.37.0", lokijs: "1.5.12" };
// The one form in which shared/storage/table_requests.py asks; every other filter is left to Azurite.
const TEXT = "'((?:[^']|'')*)'";
const RANGE = new RegExp(`^PartitionKey eq ${TEXT} and RowKey ge ${TEXT} and RowKey lt ${TEXT}$`);

requireVersionsThatWereRead();
const Store = require("azurite/dist/src/table/persistence/LokiTableMetadataStore").default;
const tables = new WeakMap();

const plainCollection = Store.prototype.getEntityCollection;
Store.prototype.getEntityCollection = function (...of) {
  const collection = plainCollection.apply(this, of);
  if (!tables.has(collection)) {
    tables.set(collection, new SortedTable(collection));
  }
  return collection;
};

const plainQuery = Store.prototype.queryTableEntities;
Store.prototype.queryTableEntities = async function (context, account, table, options, nextPartition, nextRow) {
  const asked = RANGE.exec(options.filter ?? "");
  const most = this.getMaxResultsOption(options);
  const goesOn = nextPartition !== undefined && nextRow !== undefined;
  if (asked === null || most < 0 || (!goesOn && (nextPartition !== undefined || nextRow !== undefined))) {
    return plainQuery.call(this, context, account, table, options, nextPartition, nextRow);
  }
  const sorted = tables.get(this.getEntityCollection(account, table, context));
  const [partition, first, before] = asked.slice(1).map((text) => text.replaceAll("''", "'"));
  const from = goesOn ? whereItGoesOn(this, partition, first, nextPartition, nextRow) : first;
  // One more than asked for: the next page begins with it.
  const found = from === undefined ? [] : sorted.between(partition, from, before, most + 1);
  const next = this.adjustQueryResultforTop(found, most);
  return [found, next.nextPartitionKeyResponse, next.nextRowKeyResponse];
};

/** The key at which a list goes on, as Azurite reads a continuation; undefined if that lies behind this partition. */
function whereItGoesOn(store, partition, first, nextPartition, nextRow) {
  const reached = store.decodeContinuationHeader(nextPartition);
  if (partition !== reached) {
    return partition > reached ? first : undefined;
  }
  const key = store.decodeContinuationHeader(nextRow);
  return key > first ? key : first;
}

/** The rows of one of Azurite's collections, kept in order from now on. */
class SortedTable {
  constructor(collection) {
    if (collection.asyncListeners !== false || collection.cloneObjects !== false) {
      refuse(`collection ${collection.name} tells of its changes late, or gives copies`);
    }
    const found = new Map();
    for (const row of collection.data) {
      if (!found.has(row.PartitionKey)) {
        found.set(row.PartitionKey, []);
      }
      found.get(row.PartitionKey).push(row);
    }
    this.partitions = new Map([...found].map(([partition, rows]) => [partition, new SortedRows(rows)]));
    collection.on("insert", (row) => this.insert(row));
    collection.on("update", (row) => this.insist(this.rows(row.PartitionKey)?.replace(row), row));
    collection.on("delete", (row) => this.remove(row));
    const plainFindOne = collection.findOne;
    collection.findOne = (wanted) =>
      isKey(wanted)
        ? (this.rows(wanted.PartitionKey)?.at(wanted.RowKey) ?? null)
        : plainFindOne.call(collection, wanted);
    // Nobody reads Loki's own indexes any more, and keeping them moves whole arrays at each write.
    collection.binaryIndices = {};
  }

  rows(partition) {
    return this.partitions.get(partition);
  }

  between(partition, first, before, most) {
    return this.rows(partition)?.between(first, before, most) ?? [];
  }

  insert(row) {
    const rows = this.rows(row.PartitionKey);
    if (rows === undefined) {
      this.partitions.set(row.PartitionKey, new SortedRows([row]));
    } else {
      rows.insert(row);
    }
  }

  remove(row) {
    const rows = this.rows(row.PartitionKey);
    this.insist(rows?.remove(row.RowKey), row);
    if (rows?.isEmpty) {
      this.partitions.delete(row.PartitionKey);
    }
  }

  insist(wasThere, row) {
    if (wasThere !== true) {
      // Not raised from here, where Loki would catch it: whoever reads on would be answered wrongly.
      setImmediate(() => refuse(`row ${row.RowKey} of partition ${row.PartitionKey} changed, and was not there`));
    }
  }
}

function isKey(wanted) {
  return Object.keys(wanted).length === 2 && typeof wanted.PartitionKey === "string" && typeof wanted.RowKey === "string";
}

function requireVersionsThatWereRead() {
  for (const [name, read] of Object.entries(READ)) {
    const { version } = require(`${name}/package.json`);
    if (version !== read) {
      refuse(`${name} is ${version}, and what is relied on was read in ${read}`);
    }
  }
}

function refuse(because) {
  throw new Error(`local/stack/azurite_ranges.cjs does not fit: ${because}. Run with AZURITE_PLAIN=1, or mend it.`);
}
