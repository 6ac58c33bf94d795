package mirror

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// bigPage is a snapshot of some 10 000 nodes, like a long list in a shop.
func bigPage() json.RawMessage {
	var b strings.Builder
	b.WriteString(`[[0,1,"standards",[0,"!","html","",""],["html",["lang","en"],["head",0,["title",0,"Shop"],["link",["rel","stylesheet","href","/a.css"]]],["body",0,["ul",["class","list"]`)
	for i := range 1000 {
		fmt.Fprintf(&b, `,["li",["class","item item-%d","data-id","%d"],["a",["href","/product/%d","class","link"],["img",["src","/img/%d.jpg","alt","Product %d","width","200","height","150"]],`+
			`["span",["class","name"],"Product number %d, \"quoted\" and größer"]],["div",["class","price","style","color:red"],"€ %d"],["button",["type","button","aria-label","Add"],"Add to cart"]]`, i, i, i, i, i, i, i)
	}
	b.WriteString("]]]]]")
	return json.RawMessage(b.String())
}

func BenchmarkSnapshotApply(b *testing.B) {
	page := bigPage()
	d := NewDocument(Limits{}, func(string) {})
	d.SetURL("https://shop.example/list")
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Apply(page); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.tree.count()), "nodes")
}

// BenchmarkUnmarshalAny is what decoding alone costs with encoding/json.
func BenchmarkUnmarshalAny(b *testing.B) {
	page := bigPage()
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(page, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	d := NewDocument(Limits{}, nil)
	if _, err := d.Apply(bigPage()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(d.Snapshot())))
	}
}

func BenchmarkSmallOps(b *testing.B) {
	d := NewDocument(Limits{}, func(string) {})
	if _, err := d.Apply(bigPage()); err != nil {
		b.Fatal(err)
	}
	ops := json.RawMessage(`[[4,9,"class","item active"],[5,13,"Another name"],[2,9,0,50000,["p",["class","note"],"Sold out"]],[1,50000],[7,0,0,120]]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Apply(ops); err != nil {
			b.Fatal(err)
		}
	}
}
