package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Head is the newest entry of a log: who knows its number and chain can tell
// later whether everything up to it is still there.
type Head struct {
	N     int64  `json:"n"`
	Chain string `json:"chain"`
}

// Whole is what [Verify] found.
type Whole struct {
	Head
	First int64 `json:"first"` // entry; those before it were removed, and the log says so
}

// Count is how many entries there are.
func (w Whole) Count() int64 {
	if w.N == 0 {
		return 0
	}
	return w.N - w.First + 1
}

// BrokenError names the first entry of a log that is not as it was written.
type BrokenError struct {
	N   int64 // its number, counted from 1
	Why string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("entry %d: %s", e.N, e.Why) }

// Read calls fn for each entry whose line is complete, and returns how many
// bytes these took.
func Read(r io.Reader, fn func(Entry) error) (n int64, err error) {
	lines := bufio.NewReaderSize(r, maxLine)
	for i := int64(1); ; i++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, tooLong(i, err)
		}
		e, _, _, err := parse(line[:len(line)-1])
		if err != nil {
			return n, &BrokenError{i, err.Error()}
		}
		if err := fn(e); err != nil {
			return n, err
		}
		i = e.N
		n += int64(len(line))
	}
}

// Query chooses entries.
type Query struct {
	After   int64     // a number: only later ones
	From    time.Time // only those written then or later
	Session string    // "" for all
	Most    int
}

// Find returns entries of a log, oldest first, and whether there are more.
func Find(dir string, q Query) (list []Entry, more bool, err error) {
	r, err := OpenReader(dir, q.After)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	err = r.Entries(func(e Entry) error {
		switch {
		case e.N <= q.After || e.Time.Before(q.From) || q.Session != "" && e.Session != q.Session:
		case len(list) == q.Most:
			more = true
			return io.EOF
		default:
			list = append(list, e)
		}
		return nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return list, more, err
}

// Verify reads a whole log. Its error is a [*BrokenError] when an entry was
// changed, removed, moved or put in. Of the oldest entries the log itself may
// say that they were removed. With noted, it also has to contain that entry.
func Verify(r io.Reader, noted Head) (Whole, error) {
	v := verifier{noted: noted}
	lines := bufio.NewReaderSize(r, maxLine)
	for n := int64(1); ; n = v.N + 1 {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return v.Whole, v.end()
		case errors.Is(err, io.EOF):
			err = &BrokenError{n, "its line is not complete"}
		case err != nil:
			err = tooLong(n, err)
		default:
			err = v.add(n, line[:len(line)-1])
		}
		if err != nil {
			return v.Whole, err
		}
	}
}

type verifier struct {
	Whole
	noted  Head
	before sum   // chain
	pruned int64 // an entry says that all up to this were removed
}

// add looks at the line that should be entry n.
func (v *verifier) add(n int64, line []byte) error {
	e, body, chain, err := parse(line)
	if err != nil {
		return &BrokenError{n, err.Error()}
	}
	if v.First == 0 {
		v.First = 1
		if e.N > 1 {
			if err := v.begin(e); err != nil {
				return err
			}
			n = e.N
		}
	}
	switch {
	case e.N != n:
		return &BrokenError{n, fmt.Sprintf("it says that it is entry %d", e.N)}
	case link(v.before, body) != chain:
		return &BrokenError{n, "it does not fit to its chain"}
	}
	v.before, v.Head = chain, Head{n, e.Chain}
	if e.Act == pruned {
		var upTo int64
		fmt.Sscanf(e.What, "up to %d", &upTo)
		v.pruned = max(v.pruned, upTo)
	}
	return v.compare(v.Head)
}

// begin lets the chain begin at an entry that is the first of a file.
func (v *verifier) begin(e Entry) error {
	var before Head
	fmt.Sscanf(e.What, "%d:%s", &before.N, &before.Chain)
	if e.Act != rotated || before.N != e.N-1 || len(before.Chain) != 2*len(v.before) {
		return &BrokenError{1, fmt.Sprintf("it is missing, and so are all before entry %d", e.N)}
	}
	v.First, v.before = e.N, Entry{Chain: before.Chain}.sum()
	if v.noted.N > 0 && v.noted.N < before.N {
		return &BrokenError{v.noted.N, fmt.Sprintf("it was noted, and is not there: the log begins with entry %d", e.N)}
	}
	return v.compare(before)
}

func (v *verifier) compare(h Head) error {
	if h.N == v.noted.N && h.Chain != v.noted.Chain {
		return &BrokenError{h.N, "it is not the one that was noted"}
	}
	return nil
}

func (v *verifier) end() error {
	switch {
	case v.N < v.noted.N:
		return &BrokenError{v.N + 1, fmt.Sprintf("it is missing, and so is all up to the noted entry %d", v.noted.N)}
	case v.First > 1 && v.pruned < v.First-1:
		return &BrokenError{1, fmt.Sprintf("it is missing, and so are all before entry %d: no entry says that they were removed", v.First)}
	}
	return nil
}

func tooLong(n int64, err error) error {
	if errors.Is(err, bufio.ErrBufferFull) {
		return &BrokenError{n, "its line is too long"}
	}
	return err
}
