package session

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// onDisk returns what a directory's files hold, by path.
func onDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// S53: who sees the disk learns of a session that there was one, by its public
// id, and nothing else; once its day has passed there is no key either.
func TestS53NothingOfASessionIsReadableOnDisk(t *testing.T) {
	r := newRig(t)
	inv, err := r.hub.Create(t.Context(), Request{URL: startURL + "/CANARY-PATH?CANARY-QUERY", AgentName: "CANARY-ADA", VisitorName: "CANARY-VERA"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, cookie := r.meet(inv)
	r.connectVisitor(inv.ID, cookie, nil).send(`{"type":"tab","tab":1,"url":"https://shop.example/CANARY-TAB","title":"CANARY-TITLE"}`)
	setCookie(t, r.session(inv), "login=CANARY-COOKIE", r.clock.now())
	r.stop()
	search := func(when, text string) {
		t.Helper()
		for path, content := range onDisk(t, r.dir) {
			if i := strings.Index(content, text); i >= 0 && filepath.Base(path) != "audit.log" {
				t.Errorf("%s %s holds %q", when, path, content[max(0, i-100):min(len(content), i+40)])
			}
		}
	}
	search("while it goes on", "CANARY")
	r.start()
	if got := r.session(inv).current(); got.AgentName != "CANARY-ADA" || got.VisitorName != "CANARY-VERA" || got.URL == "" {
		t.Errorf("after a restart the session is of %+v", got)
	}
	if err := r.hub.End(t.Context(), inv.ID, "visitor"); err != nil {
		t.Fatal(err)
	}
	r.clock.add(tombstoneTTL + time.Second)
	r.hub.sweep()
	r.stop()
	search("when it is forgotten", "CANARY")
	if keys, err := os.ReadDir(filepath.Join(r.dir, "keys")); err != nil || len(keys) > 0 {
		t.Errorf("keys that are left: %v, %v", keys, err)
	}
	r.start()
}

// S56: a record that somebody put into the store, who has not the session's
// key, is none; nor is one of another session.
func TestS56ForgedRecordsAreNoSessions(t *testing.T) {
	r := newRig(t)
	a, b := r.create(Shared), r.create(Shared)
	bucket := r.hub.records.bucket
	ofA, err := bucket.Get(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	forged := newID()
	for id, value := range map[string][]byte{b.ID: ofA, forged: []byte(`{"id":"` + forged + `","state":"active","mode":"shared"}`)} {
		if err := bucket.Put(t.Context(), id, value); err != nil {
			t.Fatal(err)
		}
	}
	r.restart()
	for id, want := range map[string]bool{a.ID: true, b.ID: false, forged: false} {
		if _, ok := r.hub.Session(id); ok != want {
			t.Errorf("session %s is there: %v, want %v", id, ok, want)
		}
	}
}

// S53: an old copy of the store does not bring back what was erased: the key is
// gone. So the session is over.
func TestS53AnOldCopyBringsNothingBack(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	visitor, _, _ := r.meet(inv)
	setCookie(t, r.session(inv), "login=CANARY-COOKIE", r.clock.now())
	r.stop()
	copied := filepath.Join(t.TempDir(), "store")
	if out, err := exec.Command("cp", "-a", filepath.Join(r.dir, "store"), copied).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	r.start()
	if err := r.hub.End(t.Context(), inv.ID, "visitor"); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if err := os.RemoveAll(filepath.Join(r.dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied, filepath.Join(r.dir, "store")); err != nil {
		t.Fatal(err)
	}
	r.start()
	if s, ok := r.hub.Session(inv.ID); ok {
		t.Errorf("the session is %s, with the cookies %q", s.State(), cookies(t, s.Jar(), r.clock.now()))
	}
	if a := visitor.post("/api/sessions/"+inv.ID+"/visitor/enter", "{}"); a.status != 401 {
		t.Errorf("the visitor comes in: %+v", a)
	}
}
