package backend

import (
	"sync"

	"github.com/gomlx/compute"
)

// Pool keeps what is expensive to make and serves one user at a time, such as compiled programs
// with their weights, for the next user who asks for the same key. Several goroutines may use it at
// once. The zero value is empty; it must not be copied after first use.
type Pool[K comparable, T any] struct {
	mu   sync.Mutex
	idle map[K][]T
	made map[K]int
}

// Take returns an item that was put back under the key. If there is none it returns a new one,
// which newItem makes on the [Client] of the backend whose turn it is.
func (p *Pool[K, T]) Take(key K, backend compute.Backend, newItem func(compute.Backend) (T, error)) (T, error) {
	p.mu.Lock()
	if idle := p.idle[key]; len(idle) > 0 {
		last := len(idle) - 1
		p.idle[key] = idle[:last]
		p.mu.Unlock()
		return idle[last], nil
	}
	n := p.made[key]
	if p.made == nil {
		p.made = map[K]int{}
	}
	p.made[key]++
	p.mu.Unlock()
	client, err := Client(backend, n)
	if err != nil {
		var none T
		return none, err
	}
	return newItem(client)
}

// Put keeps an item for the next user of the key.
func (p *Pool[K, T]) Put(key K, item T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		p.idle = make(map[K][]T)
	}
	p.idle[key] = append(p.idle[key], item)
}

// Idle returns all items that nobody uses now, of all keys.
func (p *Pool[K, T]) Idle() (items []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, idle := range p.idle {
		items = append(items, idle...)
	}
	return items
}
