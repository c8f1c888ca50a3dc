// Package pydata reads what Python writes: pickles, JSON with NaN in it, and what print shows of
// lists, tuples, dicts and calls.
//
// Files and texts come from strangers. Whatever they hold, a reader here returns an error: it does
// not panic, and it uses memory and time in proportion to the input.
package pydata
