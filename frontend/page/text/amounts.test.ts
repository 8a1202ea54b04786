import assert from "node:assert/strict";
import { test } from "node:test";

import { cadenceText, countText, decimalText, moneyText, tokensText } from "../../verify/amounts.ts";
import { inDollars, readMoney, roughMoneyText, shortText } from "./amounts.ts";

test("money shows two decimals at least and every one that it has", () => {
  assert.equal(moneyText("150000000"), "1.50");
  assert.equal(moneyText("1"), "0.00000001");
  assert.equal(moneyText("0"), "0.00");
  assert.equal(moneyText("123456789012345678"), "1,234,567,890.12345678");
  assert.equal(moneyText("-250000000"), "−2.50");
});

test("the largest UFix64 is exact", () => {
  assert.equal(moneyText("18446744073709551615"), "184,467,440,737.09551615");
});

test("an estimate has two decimals, or three digits where it is small", () => {
  assert.equal(roughMoneyText("94659208"), "0.946");
  assert.equal(roughMoneyText("123456789012"), "1,234.56");
  assert.equal(roughMoneyText("103660"), "0.00103");
  assert.equal(roughMoneyText("7"), "0.00000007");
  assert.equal(roughMoneyText("0"), "0.00");
});

test("usage shows no more decimals than it has", () => {
  assert.equal(tokensText("12500000"), "12.5");
  assert.equal(tokensText("42994500000"), "42,994.5");
  assert.equal(countText("1234567"), "1,234,567");
  assert.equal(decimalText(5n, 1), "0.5");
});

test("a headline is short and never more than there is", () => {
  assert.equal(shortText("999"), "999");
  assert.equal(shortText("9999"), "9,999");
  assert.equal(shortText("38512"), "38.51k");
  assert.equal(shortText("1239999"), "1.23M");
  assert.equal(shortText("4000000000"), "4B");
});

test("an amount that was typed is read exactly or not at all", () => {
  assert.equal(readMoney("1.5"), 150_000_000n);
  assert.equal(readMoney(" 1,000 "), 100_000_000_000n);
  assert.equal(readMoney("0.00000001"), 1n);
  for (const text of ["", "0", "-1", "1.", ".5", "1e3", "0.000000001", "184467440738", "ten"]) {
    assert.equal(readMoney(text), null, text);
  }
});

test("an amount is written as Cadence reads it", () => {
  assert.equal(cadenceText(150_000_000n), "1.50000000");
  assert.equal(cadenceText("7"), "0.00000007");
});

test("dollars are rounded down", () => {
  assert.equal(inDollars("300000000", "25000001"), 75_000_003n);
  assert.equal(inDollars("1", "99999999"), 0n);
});
