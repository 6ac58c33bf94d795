package audit

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := Open(dir, Limits{}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// written is a log with a few acts, as bytes.
func written(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir)
	l.Do(As(t.Context(), "admin:root"), Entry{Act: "origins.allow", What: "https://shop.example"}, func() error { return nil })
	l.Do(t.Context(), Entry{Who: "visitor", Act: "session.accept", Session: "abc"}, func() error { return errors.New("no") })
	l.Close()
	l = open(t, dir)
	l.Add(t.Context(), Entry{Who: "agent", Act: "session.control", Session: "abc", Result: Refused})
	return contents(t, dir)
}

func contents(t *testing.T, dir string) []byte {
	t.Helper()
	r, err := OpenReader(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func entries(t *testing.T, log []byte) (list []Entry) {
	t.Helper()
	if _, err := Read(bytes.NewReader(log), func(e Entry) error { list = append(list, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestActsAreRecordedWithTheirResults(t *testing.T) {
	log := written(t)
	var got []string
	for _, e := range entries(t, log) {
		got = append(got, strings.Join([]string{e.Who, e.Act, e.Session, e.What, string(e.Result)}, " "))
	}
	want := []string{
		"admin:root origins.allow  https://shop.example begun", "admin:root origins.allow  https://shop.example ok",
		"visitor session.accept abc  begun", "visitor session.accept abc  failed",
		"agent session.control abc  refused",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if of := entries(t, log)[3].Of; of != 3 {
		t.Errorf("the result is of entry %d, want 3", of)
	}
}

// S54: whatever bit is changed, the entry it is in is named.
func TestS54AChangedByteIsNamed(t *testing.T) {
	log := written(t)
	if head, err := Verify(bytes.NewReader(log), Head{}); err != nil || head.N != 5 {
		t.Fatalf("as written: %+v, %v", head, err)
	}
	for bit := range 8 * len(log) {
		i, changed := bit/8, bytes.Clone(log)
		changed[i] ^= 1 << (bit % 8)
		_, err := Verify(bytes.NewReader(changed), Head{})
		var broken *BrokenError
		want := int64(bytes.Count(log[:i], []byte("\n"))) + 1
		if !errors.As(err, &broken) || broken.N != want {
			t.Fatalf("byte %d, %q, of entry %d: %v", i, log[i], want, err)
		}
	}
}

func TestS54RemovedMovedAndNewEntriesAreNamed(t *testing.T) {
	log := written(t)
	lines := bytes.SplitAfter(bytes.TrimSuffix(log, []byte("\n")), []byte("\n"))
	lines[4] = append(lines[4], '\n')
	whole, _ := Verify(bytes.NewReader(log), Head{})
	head := whole.Head
	for name, c := range map[string]struct {
		lines [][]byte
		noted Head
		want  int64
	}{
		"removed":               {slices.Concat(lines[:1], lines[2:]), Head{}, 2},
		"moved":                 {[][]byte{lines[1], lines[0], lines[2]}, Head{}, 1},
		"doubled":               {[][]byte{lines[0], lines[1], lines[1]}, Head{}, 3},
		"cut off, without note": {lines[:3], Head{}, 0},
		"cut off":               {lines[:3], head, 4},
		"all new":               {lines[:0], head, 1},
		"another than noted":    {lines, Head{2, head.Chain}, 2},
	} {
		_, err := Verify(bytes.NewReader(bytes.Join(c.lines, nil)), c.noted)
		var broken *BrokenError
		if errors.As(err, &broken); c.want == 0 && err != nil || c.want > 0 && (broken == nil || broken.N != c.want) {
			t.Errorf("%s: %v, want entry %d", name, err, c.want)
		}
	}
}

// S54: the process is killed in the middle of an act; that it began is on disk.
func TestS54KilledBetweenRecordAndAct(t *testing.T) {
	if dir := os.Getenv("TANDEM_TEST_AUDIT"); dir != "" {
		open(t, dir).Do(t.Context(), Entry{Who: "visitor", Act: "session.accept", Session: "abc"}, func() error {
			os.Stdout.WriteString("in the act\n")
			select {}
		})
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "TANDEM_TEST_AUDIT="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("in the act\n"))); err != nil {
		t.Error(err)
	}
	child.Process.Kill()
	child.Wait()
	list := entries(t, contents(t, dir))
	if len(list) != 1 || list[0].Act != "session.accept" || list[0].Result != Begun {
		t.Fatalf("recorded: %+v", list)
	}
	open(t, dir).Add(t.Context(), Entry{Who: "server", Act: "server.start"})
	if head, err := Verify(bytes.NewReader(contents(t, dir)), Head{}); err != nil || head.N != 2 {
		t.Errorf("afterwards: %+v, %v", head, err)
	}
}

func TestNothingIsDoneThatCannotBeRecorded(t *testing.T) {
	l := open(t, t.TempDir())
	l.Close()
	done := false
	if err := l.Do(t.Context(), Entry{Act: "session.accept"}, func() error { done = true; return nil }); err == nil || done {
		t.Errorf("error %v, done %v", err, done)
	}
}

// A crash may leave part of a line, which was never acknowledged.
func TestAnIncompleteLineIsDropped(t *testing.T) {
	log := written(t)
	for _, kept := range []int{len(log) - 1, len(log) - 40, bytes.IndexByte(log, '\n') - 3} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), log[:kept], 0o600); err != nil {
			t.Fatal(err)
		}
		open(t, dir)
		all := contents(t, dir)
		if _, err := Verify(bytes.NewReader(all), Head{}); err != nil {
			t.Errorf("%d bytes: %v", kept, err)
		}
		list := entries(t, all)
		if last := list[len(list)-1]; last.Act != "audit.repair" || len(list) != bytes.Count(log[:kept], []byte("\n"))+1 {
			t.Errorf("%d bytes: %+v", kept, list)
		}
	}
}

func TestEntriesAreBoundedAndPlain(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("\u202e\x1b[2Jü\n", 10_000)
	open(t, dir).Add(t.Context(), Entry{Who: long, Act: long, Session: long, What: long})
	log := contents(t, dir)
	if len(log) > maxLine || bytes.ContainsAny(log, "\x1b\u202e") {
		t.Errorf("%d bytes: %.100q", len(log), log)
	}
	if info, _ := os.Stat(filepath.Join(dir, FileName)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}
