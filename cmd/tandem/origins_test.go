package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tandem/proxy"
)

func TestWhatIsMissingIsToldWithItsCommands(t *testing.T) {
	tests := []struct {
		others []proxy.Other
		want   []string // the commands
	}{
		{nil, nil},
		{[]proxy.Other{{Origin: "https://cdn.example", Allowed: true}}, nil},
		{[]proxy.Other{{Origin: "https://a.example"}, {Origin: "https://b.example", Allowed: true}, {Origin: "https://c.example"}},
			[]string{"tandem origins allow https://a.example https://c.example"}},
		{[]proxy.Other{{Origin: "https://a.example"}, {Origin: "http://cdn.localhost:81"}, {Origin: "http://[::1]"}, {Origin: "http://192.168.1.2"}},
			[]string{"tandem origins allow https://a.example", "tandem origins allow --private http://cdn.localhost:81 http://[::1] http://192.168.1.2"}},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		cmd := new(cobra.Command)
		cmd.SetErr(&out)
		printMissing(cmd, proxy.Report{Others: tt.others})
		var got []string
		for line := range strings.Lines(out.String()) {
			if line, ok := strings.CutPrefix(line, "  "); ok {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") || (out.Len() == 0) != (tt.want == nil) {
			t.Errorf("%v: told %q, want the commands %q", tt.others, &out, tt.want)
		}
	}
}
