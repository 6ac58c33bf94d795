package session

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// passes begins and completes a file on its way to the visitor, and returns by
// which number they may pass a copy of it on.
func (c *couple) passes(content string) (n uint64) {
	c.t.Helper()
	file := c.session(c.inv).Copy("report.csv", len(content))
	if file == nil {
		c.t.Fatal("no copy is made")
	}
	file.Write([]byte(content))
	file.Done(func(body []byte, _ int64) ([]byte, error) { return body, nil })
	file.Drop() // as when the body is closed
	var told copyMessage
	if err := json.Unmarshal([]byte(c.vis.expectAny("copy")), &told); err != nil || told.Name != "report.csv" || told.Bytes != len(content) {
		c.t.Fatalf("the visitor is told %+v, %v", told, err)
	}
	return told.N
}

func (c *couple) fetches(b *browser, n uint64) int {
	return b.post(fmt.Sprintf("/api/sessions/%s/agent/copies/%d", c.inv.ID, n), "{}").status
}

// TestCopiesAreThoseThatTheVisitorPassesOn has the agent try before and after.
func TestCopiesAreThoseThatTheVisitorPassesOn(t *testing.T) {
	c := newCouple(t, View)
	n := c.passes("CANARY,1")
	pass := fmt.Sprintf(`{"type":"pass","n":%d}`, n)
	if got := c.fetches(c.browser, n); got != 404 {
		t.Errorf("before the visitor's word the agent gets %d", got)
	}
	c.ag.send(pass)
	c.ag.expectAny("refused")
	c.vis.send(pass)
	c.ag.expectAny("passed")
	if got := c.fetches(c.rig.browser(), n); got == 200 {
		t.Error("somebody who does not follow got it")
	}
	for i, want := range []int{200, 404} {
		if got := c.fetches(c.browser, n); got != want {
			t.Errorf("try %d of the agent: %d, want %d", i+1, got, want)
		}
	}
	c.vis.send(pass)
	c.vis.expectAny("refused")
	c.keepsNothing("CANARY", "report.csv")
	all, err := c.hub.Audit().Contents()
	if err != nil || !strings.Contains(string(all), `"session.pass"`) || strings.Contains(string(all), "report") {
		t.Errorf("recorded is %s, %v", all, err)
	}
}

// TestCopiesAreBounded has more pass than is kept.
func TestCopiesAreBounded(t *testing.T) {
	c := newCouple(t, Shared)
	s := c.session(c.inv)
	if s.Copy("x", maxCopy+1) != nil {
		t.Error("a copy of a large file is begun")
	}
	large := s.Copy("x", 0)
	for range maxCopy/maxPiece + 2 {
		large.Write(make([]byte, maxPiece))
	}
	large.Done(func(body []byte, _ int64) ([]byte, error) { return body, nil })
	if told := c.vis.settle(); told["copy"] != "" {
		t.Error("one that turns out to be large is kept")
	}
	first := c.passes("first")
	c.passes("second")
	c.vis.send(fmt.Sprintf(`{"type":"pass","n":%d}`, first))
	c.vis.expectAny("refused")
	var begun []*Copy
	for file := s.Copy("x", 0); file != nil; file = s.Copy("x", 0) {
		begun = append(begun, file)
	}
	if len(begun) != maxCopies/maxCopy-1 {
		t.Errorf("%d are begun beside the one that waits", len(begun))
	}
	for _, file := range begun {
		file.Drop()
		file.Drop()
	}
	c.vis.send(`{"type":"mode","mode":"shared","paused":true}`)
	c.ag.expectAny("mode")
	if s.Copy("x", 0) != nil {
		t.Error("a copy is begun while sharing is paused")
	}
	c.vis.send(`{"type":"end"}`)
	c.vis.expectAny("ended")
	if got := c.hub.copies.Load(); got != 0 {
		t.Errorf("when all is over copies take %d bytes", got)
	}
}
