package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Head is the newest entry of a log: who knows its number and chain can tell
// later whether everything up to it is still there.
type Head struct {
	N     int64  `json:"n"`
	Chain string `json:"chain"`
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
		n += int64(len(line))
	}
}

// Verify reads a whole log. Its error is a [*BrokenError] when an entry was
// changed, removed, moved or put in. With noted, it also has to contain that
// entry.
func Verify(r io.Reader, noted Head) (head Head, err error) {
	lines := bufio.NewReaderSize(r, maxLine)
	var before sum
	for n := int64(1); ; n++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			if head.N < noted.N {
				return head, &BrokenError{head.N + 1, fmt.Sprintf("it is missing, and so is all up to the noted entry %d", noted.N)}
			}
			return head, nil
		case errors.Is(err, io.EOF):
			return head, &BrokenError{n, "its line is not complete"}
		case err != nil:
			return head, tooLong(n, err)
		}
		e, body, chain, err := parse(line[:len(line)-1])
		switch {
		case err != nil:
			return head, &BrokenError{n, err.Error()}
		case e.N != n:
			return head, &BrokenError{n, fmt.Sprintf("it says that it is entry %d", e.N)}
		case link(before, body) != chain:
			return head, &BrokenError{n, "it does not fit to its chain"}
		}
		before, head = chain, Head{n, fmt.Sprintf("%x", chain)}
		if n == noted.N && head.Chain != noted.Chain {
			return head, &BrokenError{n, "it is not the one that was noted"}
		}
	}
}

func tooLong(n int64, err error) error {
	if errors.Is(err, bufio.ErrBufferFull) {
		return &BrokenError{n, "its line is too long"}
	}
	return err
}
