// Package push keeps the push notifications of a target service off while
// something is written into it, and gives them back.
package push
