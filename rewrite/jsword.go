package rewrite

// word numbers the names that the parser or the rewriter has to know.
type word byte

const (
	wordOther word = iota

	// Names the rewriter looks for; bits in scope.declared.
	wLocation
	wTop
	wEval
	wPostMessage

	// Names of windows and documents, of interest before a bracket. The first
	// three are common names of variables, too: bits in scope.declared.
	wSelf
	wParent
	wFrames
	wWindow
	wDocument
	wGlobalThis

	// Reserved words and others with a meaning in the grammar.
	wAs
	wAsync
	wAwait
	wBreak
	wCase
	wCatch
	wClass
	wConst
	wContinue
	wDebugger
	wDefault
	wDelete
	wDo
	wElse
	wExport
	wExtends
	wFinally
	wFor
	wFrom
	wFunction
	wGet
	wIf
	wImport
	wIn
	wInstanceof
	wLet
	wNew
	wOf
	wReturn
	wSet
	wStatic
	wAccessor
	wSuper
	wSwitch
	wThis
	wThrow
	wTry
	wTypeof
	wUsing
	wVar
	wVoid
	wWhile
	wWith
	wYield
)

const maxWord = len("postMessage")

var words = map[string]word{
	"location": wLocation, "top": wTop, "eval": wEval, "postMessage": wPostMessage,
	"self": wSelf, "parent": wParent, "frames": wFrames, "window": wWindow, "document": wDocument, "globalThis": wGlobalThis,
	"as": wAs, "async": wAsync, "await": wAwait, "break": wBreak, "case": wCase, "catch": wCatch, "class": wClass,
	"const": wConst, "continue": wContinue, "debugger": wDebugger, "default": wDefault, "delete": wDelete, "do": wDo,
	"else": wElse, "export": wExport, "extends": wExtends, "finally": wFinally, "for": wFor, "from": wFrom,
	"function": wFunction, "get": wGet, "if": wIf, "import": wImport, "in": wIn, "instanceof": wInstanceof, "let": wLet,
	"new": wNew, "of": wOf, "return": wReturn, "set": wSet, "static": wStatic, "accessor": wAccessor, "super": wSuper,
	"switch": wSwitch, "this": wThis, "throw": wThrow, "try": wTry, "typeof": wTypeof, "using": wUsing, "var": wVar,
	"void": wVoid, "while": wWhile, "with": wWith, "yield": wYield,
}

// wordOf returns which word name is.
func wordOf(name []byte) word {
	if len(name) < 2 {
		return wordOther
	}
	if e := &wordTable[wordHash(name)]; string(name) == e.name {
		return e.word
	}
	return wordOther
}

// wordHash is different for every word.
func wordHash[T string | []byte](name T) byte {
	return byte(int(name[0])*9 + int(name[len(name)-1])*8 + int(name[1]) + 7*len(name))
}

var wordTable = func() (t [256]struct {
	name string
	word word
}) {
	for name, w := range words {
		e := &t[wordHash(name)]
		if e.name != "" {
			panic("rewrite: " + name + " and " + e.name + " have the same hash")
		}
		e.name, e.word = name, w
	}
	return t
}()

// wordSieve has, by first letter, a bit for each length a word has. It spares
// most names the look-up.
var wordSieve = func() (sieve [256]uint16) {
	for w := range words {
		sieve[w[0]] |= 1 << len(w)
	}
	return sieve
}()
