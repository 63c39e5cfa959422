//go:build !race

package main

const yearDays = 365
