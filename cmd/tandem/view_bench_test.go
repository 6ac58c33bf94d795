package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// BenchmarkAgentView measures what a person waits for: from the visitor's
// consent until the agent sees all of the page, and what the visitor's browser
// sends for it. Load the machine with nothing else.
func BenchmarkAgentView(b *testing.B) {
	big := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, bigPage) }))
	defer big.Close()
	for _, page := range []struct{ name, url, complete string }{
		{"shop", "", `document.querySelector('footer.bottom') && document.fonts.status === 'loaded' && [...document.images].every((i) => {
			const box = i.getBoundingClientRect();
			return box.width === 0 || box.top > innerHeight || i.naturalWidth > 0;
		})`},
		{"2MB", big.URL + "/", `document.querySelector('#last')`},
	} {
		b.Run(page.name, func(b *testing.B) {
			var seconds, bytes float64
			for b.Loop() {
				b.StopTimer()
				m := prepareMeeting(b, session.Shared)
				if page.url != "" {
					m.allow(page.url)
					m.invite(page.url, session.Shared)
					m.agent.navigate(m.invited.AgentURL)
				}
				m.visitor = sharedBrowser(b).open(b, "visitor", m.invited.VisitorURL, 1280, 900)
				m.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
				x, y := m.visitor.element(top, "[data-tandem=accept]")
				b.StartTimer()
				began := time.Now()
				m.visitor.clickAt(x, y)
				m.agent.wait(mirror, page.complete)
				seconds += time.Since(began).Seconds()
				m.visitor.mu.Lock()
				bytes += float64(m.visitor.sent)
				m.visitor.mu.Unlock()
			}
			b.ReportMetric(seconds/float64(b.N), "s/view")
			b.ReportMetric(bytes/float64(b.N), "sent-B/view")
		})
	}
}

// bigPage has 2 MB and 12 000 elements: a report of the kind intranets have.
var bigPage = func() string {
	var page strings.Builder
	page.WriteString("<!doctype html><title>Report</title><style>td{padding:2px 6px;border:1px solid #ccc}</style><h1>Report</h1><table>")
	for row := 0; page.Len() < 2<<20; row++ {
		fmt.Fprintf(&page, "<tr id=r%d><td>%d<td>Customer %d in %x Street<td>%s<td>%d.%02d", row, row, row*7919%100003, row*31,
			strings.Repeat("Delivered and invoiced on time. ", 6+row%9), row*13%9973, row%100)
	}
	page.WriteString("</table><p id=last>End of report")
	return page.String()
}()
