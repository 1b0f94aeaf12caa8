"use strict";
// Rows of one partition in the order of their keys, in pieces: to add or take away one moves a piece, not all of them.

const LONGEST = 1000;

/** Rows have a text `RowKey`, each another one; keys sort by their UTF-16 units, as `<` compares texts. */
class SortedRows {
  constructor(rows) {
    const sorted = [...rows].sort((one, other) => (one.RowKey < other.RowKey ? -1 : 1));
    this.pieces = [];
    for (let start = 0; start < sorted.length; start += LONGEST) {
      this.pieces.push(sorted.slice(start, start + LONGEST));
    }
  }

  get isEmpty() {
    return this.pieces.length === 0;
  }

  /** The row of this key, or null. */
  at(key) {
    const piece = this.pieces[this.#pieceOf(key)];
    const row = piece?.[place(piece, key)];
    return row?.RowKey === key ? row : null;
  }

  /** Rows with `first` <= key < `before` in their order, at most `most`. */
  between(first, before, most) {
    const found = [];
    for (let number = this.#pieceOf(first); number < this.pieces.length; number += 1) {
      const piece = this.pieces[number];
      for (let at = place(piece, first); at < piece.length; at += 1) {
        if (found.length === most || piece[at].RowKey >= before) {
          return found;
        }
        found.push(piece[at]);
      }
    }
    return found;
  }

  insert(row) {
    if (this.isEmpty) {
      this.pieces.push([row]);
      return;
    }
    const number = Math.min(this.#pieceOf(row.RowKey), this.pieces.length - 1);
    const piece = this.pieces[number];
    piece.splice(place(piece, row.RowKey), 0, row);
    if (piece.length > LONGEST) {
      this.pieces.splice(number + 1, 0, piece.splice(LONGEST / 2));
    }
  }

  /** Puts the row in the place of the one with its key; says whether there was one. */
  replace(row) {
    const piece = this.pieces[this.#pieceOf(row.RowKey)];
    const at = piece === undefined ? 0 : place(piece, row.RowKey);
    if (piece?.[at]?.RowKey !== row.RowKey) {
      return false;
    }
    piece[at] = row;
    return true;
  }

  /** Says whether there was one. */
  remove(key) {
    const number = this.#pieceOf(key);
    const piece = this.pieces[number];
    const at = piece === undefined ? 0 : place(piece, key);
    if (piece?.[at]?.RowKey !== key) {
      return false;
    }
    piece.splice(at, 1);
    if (piece.length === 0) {
      this.pieces.splice(number, 1);
    }
    return true;
  }

  /** The first piece whose last key is not below `key`; as many as there are if there is none. */
  #pieceOf(key) {
    return firstOf(this.pieces.length, (number) => this.pieces[number].at(-1).RowKey >= key);
  }
}

/** Where the first row of a piece stands whose key is not below `key`. */
function place(rows, key) {
  return firstOf(rows.length, (number) => rows[number].RowKey >= key);
}

/** The first of the numbers below `count` that `isThere`, from which on all are; `count` if none is. */
function firstOf(count, isThere) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isThere(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

module.exports = { SortedRows };
