package rewrite

// ScriptKind says how a source text will be run.
type ScriptKind int

const (
	ScriptClassic  ScriptKind = iota // a classic script, or indirect eval
	ScriptModule                     // a module
	ScriptEval                       // direct eval: names may be bound around it
	ScriptFunction                   // a function body, or a whole function
	ScriptHandler                    // an on… attribute
)

// Script says how a source text is rewritten.
type Script struct {
	Kind   ScriptKind
	Mapper *Mapper // for the specifiers of static imports; nil leaves them
}

// JS returns the rewritten source and the tier that was used.
func JS(src []byte, s Script) (out []byte, tier int) { return src, 0 }
