package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// desk is a log of small files, whose clock the test moves.
type desk struct {
	*Log
	t      *testing.T
	limits Limits
	at     time.Time
	said   bytes.Buffer
}

func newDesk(t *testing.T, limits Limits) *desk {
	d := &desk{t: t, limits: limits, at: time.Unix(1_700_000_000, 0)}
	d.open(t.TempDir())
	t.Cleanup(func() {
		d.Close()
		if d.said.Len() > 0 {
			t.Errorf("logged: %s", &d.said)
		}
	})
	return d
}

func (d *desk) open(dir string) {
	d.t.Helper()
	var err error
	if d.Log, err = Open(dir, d.limits, func() time.Time { return d.at }, slog.New(slog.NewTextHandler(&d.said, nil))); err != nil {
		d.t.Fatal(err)
	}
}

// add records acts, a minute apart.
func (d *desk) add(count int) {
	d.t.Helper()
	for range count {
		d.at = d.at.Add(time.Minute)
		if err := d.Add(d.t.Context(), Entry{Who: "visitor", Act: "session.accept", Session: "abc", What: "<&>"}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *desk) files() string {
	d.t.Helper()
	all, err := filepath.Glob(filepath.Join(d.dir, "*"))
	if err != nil {
		d.t.Fatal(err)
	}
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	return strings.Join(all, " ")
}

func (d *desk) verify(noted Head) (Whole, error) {
	d.t.Helper()
	return Verify(bytes.NewReader(contents(d.t, d.dir)), noted)
}

func (d *desk) wantWhole(first, n int64) {
	d.t.Helper()
	if whole, err := d.verify(Head{}); err != nil || whole.First != first || whole.N != n {
		d.t.Errorf("verifying %s: %+v, %v; want entries %d to %d", d.files(), whole, err, first, n)
	}
}

const threeLines = 500 // bytes, and more than two

func TestTheChainGoesOnOverFiles(t *testing.T) {
	d := newDesk(t, Limits{Size: threeLines})
	d.add(7)
	if got, want := d.files(), "audit-000000000003.log audit-000000000006.log audit.log"; got != want {
		t.Fatalf("there are %s, want %s", got, want)
	}
	d.wantWhole(1, 9)
	for _, name := range strings.Fields(d.files()) {
		if info, _ := os.Stat(filepath.Join(d.dir, name)); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	d.Close()
	d.open(d.dir)
	d.add(1)
	d.wantWhole(1, 11)
	list := entries(t, contents(t, d.dir))
	if e := list[3]; e.Act != rotated || e.What != "3:"+list[2].Chain {
		t.Errorf("the second file begins with %+v", e)
	}
}

func TestAMonthIsTheMostOfAFile(t *testing.T) {
	d := newDesk(t, Limits{})
	d.add(1)
	d.at = d.at.Add(maxAge)
	if err := d.Tend(); err != nil {
		t.Fatal(err)
	}
	d.wantWhole(1, 2)
	if d.files() != "audit-000000000001.log audit.log" {
		t.Errorf("there are %s", d.files())
	}
}

// TestS54CrashesWhileAFileIsBegun makes what each step of it leaves on the disk.
func TestS54CrashesWhileAFileIsBegun(t *testing.T) {
	const old, newest, next = "audit-000000000003.log", FileName, nextName
	for name, c := range map[string]struct {
		crash  func(move func(from, to string), write func(name, text string))
		remain int64 // entries that had been acknowledged
	}{
		"the new file is empty": {func(move func(string, string), write func(string, string)) {
			move(old, newest)
			write(next, "")
		}, 3},
		"its line is torn": {func(move func(string, string), write func(string, string)) {
			move(old, newest)
			write(next, `{"n":4,"ti`)
		}, 3},
		"it is complete": {func(move func(string, string), _ func(string, string)) {
			move(newest, next)
			move(old, newest)
		}, 3},
		"the old file has moved":  {func(move func(string, string), _ func(string, string)) { move(newest, next) }, 4},
		"and the new one is lost": {func(move func(string, string), _ func(string, string)) { move(newest, "lost") }, 3},
		"and empty":               {func(_ func(string, string), write func(string, string)) { write(newest, "") }, 3},
		"all is done":             {func(func(string, string), func(string, string)) {}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Limits{Size: threeLines})
			d.add(3)
			before := contents(t, d.dir)
			d.at = d.at.Add(time.Minute)
			if err := d.rotate(); err != nil {
				t.Fatal(err)
			}
			if d.files() != old+" "+newest {
				t.Fatalf("there are %s", d.files())
			}
			d.Close()
			c.crash(func(from, to string) {
				if err := os.Rename(filepath.Join(d.dir, from), filepath.Join(d.dir, to)); err != nil {
					t.Fatal(err)
				}
			}, func(name, text string) {
				if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			d.open(d.dir)
			if d.n != c.remain {
				t.Errorf("goes on after entry %d, want %d", d.n, c.remain)
			}
			if !bytes.HasPrefix(contents(t, d.dir), before) {
				t.Error("entries are lost")
			}
			d.add(4)
			d.wantWhole(1, d.n)
			if _, err := os.Stat(filepath.Join(d.dir, next)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("left is %s", d.files())
			}
		})
	}
}

// TestS54KilledWhileFilesAreBegun kills a process that writes one small file
// after the other: what it had acknowledged is there.
func TestS54KilledWhileFilesAreBegun(t *testing.T) {
	if dir := os.Getenv("TANDEM_TEST_AUDIT_FILES"); dir != "" {
		l, err := Open(dir, Limits{Size: 1}, time.Now, slog.New(slog.DiscardHandler))
		for err == nil {
			fmt.Println(l.n)
			err = l.Add(t.Context(), Entry{Who: "visitor", Act: "session.accept"})
		}
		t.Fatal(err)
	}
	dir := t.TempDir()
	for kill := range 4 {
		child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		child.Env = append(os.Environ(), "TANDEM_TEST_AUDIT_FILES="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines, told := bufio.NewScanner(out), int64(-1)
		for range 10 + 7*kill {
			if !lines.Scan() {
				t.Fatalf("the process ended: %v", lines.Err())
			}
			fmt.Sscan(lines.Text(), &told)
		}
		child.Process.Kill()
		for lines.Scan() {
			fmt.Sscan(lines.Text(), &told)
		}
		child.Wait()
		open(t, dir).Close()
		if whole, err := Verify(bytes.NewReader(contents(t, dir)), Head{}); err != nil || whole.N < told || whole.First != 1 {
			t.Fatalf("told of %d entries; there is %+v, %v", told, whole, err)
		}
	}
}

// TestS54OldEntriesAreRemovedAsTheLogSays: by whole files, and never unsaid.
func TestS54OldEntriesAreRemovedAsTheLogSays(t *testing.T) {
	d := newDesk(t, Limits{Size: threeLines, Keep: 24 * time.Hour})
	d.add(5)
	whole, err := d.verify(Head{})
	if err != nil {
		t.Fatal(err)
	}
	noted := whole.Head
	d.at = d.at.Add(23 * time.Hour)
	d.add(3)
	if err := d.Tend(); err != nil {
		t.Fatal(err)
	}
	d.wantWhole(1, d.n)
	d.at = d.at.Add(time.Hour)
	if err := d.Tend(); err != nil {
		t.Fatal(err)
	}
	if d.files() != "audit-000000000009.log audit.log" {
		t.Fatalf("left are %s", d.files())
	}
	d.wantWhole(7, d.n)
	list := entries(t, contents(t, d.dir))
	if last := list[len(list)-1]; last.Act != pruned || last.What != "up to 6" || last.Result != OK || last.Of != last.N-1 {
		t.Errorf("the log ends with %+v", last)
	}
	if _, err := d.verify(noted); err != nil {
		t.Errorf("with a note of the last entry that was removed: %v", err)
	}
	for want, note := range map[int64]Head{6: {6, strings.Repeat("0", 64)}, 5: {5, noted.Chain}} {
		var broken *BrokenError
		if _, err := d.verify(note); !errors.As(err, &broken) || broken.N != want {
			t.Errorf("with a note of %d: %v", note.N, err)
		}
	}
	d.Close()
	d.open(d.dir)
	d.add(3)
	d.wantWhole(7, d.n)
	log := contents(t, d.dir)
	for i := range log {
		changed := bytes.Clone(log)
		changed[i] ^= 1 << (i % 8)
		if _, err := Verify(bytes.NewReader(changed), Head{}); err == nil {
			t.Fatalf("byte %d, %q, was changed unseen", i, log[i])
		}
	}
}

// TestS54FilesThatAreMissingAreMissed: nobody but the log itself removes them.
func TestS54FilesThatAreMissingAreMissed(t *testing.T) {
	for name, want := range map[string]int64{"audit-000000000003.log": 1, "audit-000000000006.log": 4} {
		d := newDesk(t, Limits{Size: threeLines})
		d.add(8)
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
		var broken *BrokenError
		if _, err := d.verify(Head{}); !errors.As(err, &broken) || broken.N != want {
			t.Errorf("without %s: %v, want entry %d", name, err, want)
		}
	}
}

// Removing was interrupted before it began, and before it ended.
func TestRemovingIsEndedLater(t *testing.T) {
	d := newDesk(t, Limits{Size: threeLines, Keep: time.Hour})
	d.add(8)
	d.at = d.at.Add(2 * time.Hour)
	d.add(1)
	if err := d.Add(t.Context(), Entry{Act: pruned, What: "up to 6", Result: Begun}); err != nil {
		t.Fatal(err)
	}
	d.wantWhole(1, d.n)
	if err := os.Remove(filepath.Join(d.dir, "audit-000000000003.log")); err != nil {
		t.Fatal(err)
	}
	d.wantWhole(4, d.n)
	if err := d.Tend(); err != nil {
		t.Fatal(err)
	}
	d.wantWhole(10, d.n)
}

func TestFind(t *testing.T) {
	d := newDesk(t, Limits{Size: threeLines})
	d.add(4) // entries 1 to 5: the fourth says that a file was begun
	middle := d.at
	d.add(2)
	for name, c := range map[string]struct {
		q    Query
		want string
		more bool
	}{
		"all":     {Query{Most: 100}, "1 2 3 4 5 6 8", false},
		"pages":   {Query{After: 2, Most: 2}, "3 4", true},
		"the end": {Query{After: 8, Most: 2}, "", false},
		"from":    {Query{From: middle, Most: 2}, "4 5", true},
		"session": {Query{Session: "abc", Most: 4}, "1 2 3 5", true},
		"nobody":  {Query{Session: "abd", Most: 4}, "", false},
	} {
		list, more, err := Find(d.dir, c.q)
		var got []string
		for _, e := range list {
			if e.N != 7 { // and the seventh
				got = append(got, fmt.Sprint(e.N))
			}
		}
		if err != nil || strings.Join(got, " ") != c.want || more != c.more {
			t.Errorf("%s: %q, %v, %v; want %q", name, got, more, err, c.want)
		}
	}
}
