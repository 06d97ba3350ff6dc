// Package reports turns what an audit, a migration, a verification or a ledger
// found into bytes: text for a person, JSON for a program, Markdown for a
// ticket, CSV for a spreadsheet, and a page for a browser, a phone and paper.
//
// Vocabulary:
//
//   - Format: the form of a report. Every report has Text and JSON.
//   - Verdict: the first line of a text, which says all that many readers need.
//   - Plain: text from outside with nothing in it that a terminal obeys.
//   - page: a report as one HTML file that loads nothing; its charts and tables
//     can be read without scripts, which only sort and filter.
//
// Data in, bytes out: the package computes nothing that is not shown, knows no
// clock and opens nothing. Names come from strangers, so every report is safe to
// show: no control character reaches a terminal, no cell becomes a formula, no
// text breaks out of a table.
package reports
