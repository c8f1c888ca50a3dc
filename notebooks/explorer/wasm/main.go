//go:build js && wasm

// Program wasm is what the explorer's page computes with in the browser: it decodes latents, and
// evaluates the model of accuracy and its gradient, by GoMLX's Go backend. It leaves functions in
// the object crlso of JavaScript:
//
//	crlso.load(json)             takes a [network.Saved], and returns its number
//	crlso.decode(n, latents)     JSON, a list of what each latent decodes to: see [network.Decoded]
//	crlso.performance(n, latents) accuracies, percent
//	crlso.gradient(n, latents)   gradients of the accuracy, percent, as long as the latents
//	crlso.standIn(arch)          what the stand-in for NAS-Bench-301 says of one, percent
//
// Latents are a Float32Array, one after the other, and so are the results. An error is an
// exception.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/notebooks/explorer/network"
)

var networks []*network.Network

func main() {
	compute, err := backend.New()
	if err != nil {
		panic(err)
	}
	functions := map[string]func(args []js.Value) (any, error){
		"load": func(args []js.Value) (any, error) {
			var saved network.Saved
			if err := json.Unmarshal([]byte(args[0].String()), &saved); err != nil {
				return nil, err
			}
			n, err := network.New(compute, saved)
			networks = append(networks, n)
			return len(networks) - 1, err
		},
		"decode": func(args []js.Value) (any, error) {
			decoded, err := of(args).Decode(floats(args[1]))
			if err != nil {
				return nil, err
			}
			text, err := json.Marshal(decoded)
			return string(text), err
		},
		"performance": func(args []js.Value) (any, error) { return array(of(args).Performance(floats(args[1]))) },
		"gradient":    func(args []js.Value) (any, error) { return array(of(args).Gradient(floats(args[1]))) },
		"standIn":     func(args []js.Value) (any, error) { return network.StandIn(args[0].String()) },
	}
	exported := map[string]any{}
	for name, f := range functions {
		exported[name] = js.FuncOf(func(_ js.Value, args []js.Value) (result any) {
			defer func() { // GoMLX panics on shapes that do not fit
				if r := recover(); r != nil {
					result = failure(fmt.Errorf("%s: %v", name, r))
				}
			}()
			result, err := f(args)
			if err != nil {
				return failure(fmt.Errorf("%s: %w", name, err))
			}
			return result
		})
	}
	js.Global().Set("crlso", exported)
	js.Global().Call("crlsoReady")
	select {}
}

// failure is an error of JavaScript, which the page throws: a function of Go cannot.
func failure(err error) js.Value { return js.Global().Get("Error").New(err.Error()) }

func of(args []js.Value) *network.Network {
	n := args[0].Int()
	if n < 0 || n >= len(networks) {
		panic(errors.New("there is no such network"))
	}
	return networks[n]
}

func floats(array js.Value) []float32 {
	out := make([]float32, array.Length())
	for i := range out {
		out[i] = float32(array.Index(i).Float())
	}
	return out
}

func array(values []float32, err error) (any, error) {
	out := js.Global().Get("Float32Array").New(len(values))
	for i, x := range values {
		out.SetIndex(i, x)
	}
	return out, err
}
