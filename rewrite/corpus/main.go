// Command corpus holds the script rewriter to real files: it fetches packages
// with npm, rewrites what is in them, has Chromium compile what was there and
// what came out, and runs both where they are whole programs, comparing what
// they leave behind. It exits with 1 when anything differs.
//
//	go run ./rewrite/corpus [-dir cache] [-only text] [-v]
package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/rewrite"
)

//go:embed packages.txt page.html
var files embed.FS

func main() {
	log.SetFlags(0)
	log.SetPrefix("corpus: ")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := flag.String("dir", filepath.Join(cache, "tandem-corpus"), "where packages are kept")
	only := flag.String("only", "", "only files with this in their names")
	verbose := flag.Bool("v", false, "print every file, and not only those that differ")
	flag.Parse()

	ctx := context.Background()
	sources, err := fetch(ctx, *dir)
	if err != nil {
		log.Fatal(err)
	}
	var results []*result
	for _, name := range sources {
		if strings.Contains(name, *only) {
			results = append(results, rewriteFile(*dir, name))
		}
	}
	if err := compare(ctx, results); err != nil {
		log.Fatal(err)
	}
	if !report(results, *verbose) {
		os.Exit(1)
	}
}

// result is what became of one file.
type result struct {
	name    string
	in, out []byte
	tier    int
	took    time.Duration
	back    bool // mapped back, it is what it was

	// What Chromium said of the original and the rewritten file. "" is no error.
	Compiled [2]string
	// What both left behind when run; "" where that is not tried.
	Ran [2]string
}

func rewriteFile(dir, name string) *result {
	in, err := os.ReadFile(filepath.Join(dir, "files", name))
	if err != nil {
		log.Fatal(err)
	}
	r := &result{name: name, in: in}
	start := time.Now()
	r.out, r.tier = rewrite.JS(in, rewrite.Script{})
	r.took = time.Since(start)
	r.back = rewrite.Unscript(string(r.out)) == string(in) || bytes.Contains(in, []byte("$tandem"))
	return r
}

// differs says what is wrong with the rewritten file, or "".
func (r *result) differs() string {
	switch {
	case !r.back:
		return "is not mapped back to what it was"
	case (r.Compiled[0] == "") != (r.Compiled[1] == ""):
		return fmt.Sprintf("compiled: %q, rewritten: %q", r.Compiled[0], r.Compiled[1])
	case r.Ran[0] != r.Ran[1]:
		a, b := difference(r.Ran[0], r.Ran[1])
		return fmt.Sprintf("ran: %s\n\trewritten: %s", a, b)
	case r.tier == rewrite.TierTokens && r.Compiled[0] == "":
		return "compiles, but is not understood by the parser"
	}
	return ""
}

func difference(a, b string) (string, string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-40):min(len(s), i+200)] }
	return cut(a), cut(b)
}

func report(results []*result, verbose bool) (same bool) {
	var tiers [3]int
	compiled, ran, different, bytes := 0, 0, 0, 0
	var took time.Duration
	fmt.Printf("%-80s %9s %4s %6s %8s\n", "file", "bytes", "tier", "edits", "ms")
	for _, r := range results {
		tiers[r.tier]++
		bytes += len(r.in)
		took += r.took
		if r.Compiled[0] == "" {
			compiled++
		}
		if r.Ran[0] != "" {
			ran++
		}
		wrong := r.differs()
		if wrong != "" {
			different++
		}
		if verbose || wrong != "" {
			edits := strings.Count(string(r.out), "$tandem") - strings.Count(string(r.in), "$tandem")
			fmt.Printf("%-80s %9d %4d %6d %8.2f %s\n", r.name, len(r.in), r.tier, edits, r.took.Seconds()*1000, wrong)
		}
	}
	fmt.Printf("\n%d files, %.1f MB: %d not parsed, %d parsed, %d by tokens; %.1f MB/s\n",
		len(results), float64(bytes)/1e6, tiers[0], tiers[1], tiers[2], float64(bytes)/1e6/took.Seconds())
	fmt.Printf("%d compile, %d of them were run; %d differ\n", compiled, ran, different)
	return different == 0
}

// quote is s as a JavaScript string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		log.Fatal(err)
	}
	return string(b)
}
