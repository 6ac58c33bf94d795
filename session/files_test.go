package session

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func offerOf(n, size int) string {
	return fmt.Sprintf(`{"type":"offer","n":%d,"doc":1,"node":4,"fx":0.5,"fy":0.5,"files":[{"name":"photo.png","size":%d,"mime":"image/png"}]}`, n, size)
}

func pieceOf(n, size int) string {
	return fmt.Sprintf(`{"type":"piece","n":%d,"data":%q}`, n, base64.StdEncoding.EncodeToString(make([]byte, size)))
}

// offered has the agent offer a file; the number is the one the visitor knows it by.
func (c *couple) offered(n, size int) (number int) {
	c.t.Helper()
	c.ag.send(offerOf(n, size))
	var m struct {
		N     int
		From  string
		Files []fileMessage
	}
	if err := json.Unmarshal([]byte(c.vis.expect("offer")), &m); err != nil {
		c.t.Fatal(err)
	}
	if m.From != "agent" || len(m.Files) != 1 || m.Files[0].Name != "photo.png" || m.Files[0].Size != size {
		c.t.Fatalf("the visitor is asked %+v", m)
	}
	return m.N
}

// TestFilesOfAgentsComeWhenTheVisitorTakesThem sends one through.
func TestFilesOfAgentsComeWhenTheVisitorTakesThem(t *testing.T) {
	c := newCouple(t, Shared)
	n := c.offered(7, maxPiece+3)
	c.vis.send(fmt.Sprintf(`{"type":"take","n":%d,"ok":true}`, n))
	c.ag.expectText(`{"type":"take","n":7,"ok":true}`)
	for _, size := range []int{maxPiece, 3} {
		c.ag.send(pieceOf(7, size))
		if got := c.vis.expect("piece"); !strings.Contains(got, fmt.Sprintf(`"n":%d`, n)) {
			t.Fatalf("the visitor got %.100s", got)
		}
		c.vis.send(fmt.Sprintf(`{"type":"got","n":%d,"bytes":%d}`, n, size))
		c.ag.expectText(fmt.Sprintf(`{"type":"got","n":7,"bytes":%d}`, size))
	}
	c.vis.send(fmt.Sprintf(`{"type":"placed","n":%d,"ok":true}`, n))
	c.ag.expectText(`{"type":"placed","n":7,"ok":true}`)

	n = c.offered(8, 10)
	c.vis.send(fmt.Sprintf(`{"type":"take","n":%d,"ok":false}`, n))
	c.ag.expectText(`{"type":"take","n":8,"ok":false}`)
	c.ag.send(pieceOf(8, 10))
	if told := c.vis.settle(); told["piece"] != "" {
		t.Error("a file that was declined came")
	}
}

// TestFilesOfAgentsAreBounded sends more than was taken, or sooner.
func TestFilesOfAgentsAreBounded(t *testing.T) {
	for name, send := range map[string]func(c *couple, n int){
		"before it is taken":    func(c *couple, n int) { c.ag.send(pieceOf(7, 3)) },
		"more than was offered": func(c *couple, n int) { c.take(n); c.ag.send(pieceOf(7, 21)) },
		"more after all has come": func(c *couple, n int) {
			c.take(n)
			c.ag.send(pieceOf(7, 20))
			c.vis.expect("piece")
			c.ag.send(pieceOf(7, 1))
		},
		"when only looking":       func(c *couple, n int) { c.take(n); c.vis.send(`{"type":"mode","mode":"view","paused":false}`) },
		"while sharing is paused": func(c *couple, n int) { c.take(n); c.vis.send(`{"type":"mode","mode":"shared","paused":true}`) },
		"the visitor's page lies": func(c *couple, n int) {
			c.take(n)
			c.ag.send(pieceOf(7, 20))
			c.vis.send(fmt.Sprintf(`{"type":"got","n":%d,"bytes":21}`, n))
			c.ag.send(pieceOf(7, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouple(t, Shared)
			n := c.offered(7, 20)
			send(c, n)
			if got := c.ag.expectAny("placed"); !strings.Contains(got, `"n":7,"ok":false`) {
				t.Errorf("the agent is told %s", got)
			}
			if got := c.vis.expectAny("withdrawn"); !strings.Contains(got, fmt.Sprint(n)) {
				t.Errorf("the visitor is told %s", got)
			}
		})
	}
	t.Run("faster than the visitor's browser", func(t *testing.T) {
		c := newCouple(t, Shared)
		c.take(c.offered(7, maxFile))
		for range maxUnder/maxPiece + 1 {
			c.ag.send(pieceOf(7, maxPiece))
		}
		c.ag.expectAny("placed")
	})
	t.Run("two at once", func(t *testing.T) {
		c := newCouple(t, Shared)
		c.offered(7, 20)
		c.ag.send(offerOf(8, 20))
		if got := c.ag.expectAny("refused"); !strings.Contains(got, whyOneFile) {
			t.Errorf("the agent is told %s", got)
		}
	})
	t.Run("too large", func(t *testing.T) {
		c := newCouple(t, Shared)
		c.ag.send(offerOf(7, maxFile+1))
		c.ag.expectAny("refused")
		if told := c.vis.settle(); told["offer"] != "" {
			t.Errorf("the visitor is asked %s", told["offer"])
		}
	})
}

func (c *couple) take(n int) {
	c.t.Helper()
	c.vis.send(fmt.Sprintf(`{"type":"take","n":%d,"ok":true}`, n))
	c.ag.expectAny("take")
}

// TestWhatThePageWantsOfOneAgentIsToldToThatOne has the page ask for a file, and copy.
func TestWhatThePageWantsOfOneAgentIsToldToThatOne(t *testing.T) {
	c := newCouple(t, Shared)
	for _, name := range []string{"want", "copied"} {
		c.vis.send(strings.Replace(examples[name], `"to":"agent"`, `"to":"agent-2"`, 1))
		c.vis.send(examples[name])
		c.vis.settle()
		got := c.ag.settle()[name]
		if !sameJSON([]byte(got), []byte(examples[name])) {
			t.Errorf("the agent is told %s, want %s", got, examples[name])
		}
	}
}
