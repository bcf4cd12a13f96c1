package template

import (
	"net/netip"
	"strconv"
)

// maxCidrs is AWS's limit for the count of Fn::Cidr.
const maxCidrs = 256

func (s *Scope) cidr(argument any) (any, error) {
	wrong := errorf("Template error: every Fn::Cidr object requires two parameters, (1) a CIDR block and (2) a count, and an optional third, the number of subnet bits")
	items, ok := argument.([]any)
	if !ok || len(items) < 2 || len(items) > 3 {
		return nil, wrong
	}
	text, _ := Text(items[0])
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, wrong
	}
	bits := 8
	countText, _ := Text(items[1])
	count, err := strconv.Atoi(countText)
	if err != nil || count < 1 || count > maxCidrs {
		return nil, wrong
	}
	if len(items) == 3 {
		bitsText, _ := Text(items[2])
		if bits, err = strconv.Atoi(bitsText); err != nil {
			return nil, wrong
		}
	}
	size := block.Addr().BitLen() - bits
	if bits < 1 || size < block.Bits() || size-block.Bits() < 31 && count > 1<<(size-block.Bits()) {
		return nil, errorf("Template error: Fn::Cidr cannot make %d subnets of %d bits in %s", count, bits, text)
	}
	subnets := make([]any, count)
	next := block.Masked().Addr()
	for i := range subnets {
		subnets[i] = netip.PrefixFrom(next, size).String()
		next = advance(next, bits)
	}
	return subnets, nil
}

// advance adds 2 to the power of bits to an address.
func advance(a netip.Addr, bits int) netip.Addr {
	raw := a.AsSlice()
	carry := 1 << (bits % 8)
	for i := len(raw) - 1 - bits/8; i >= 0 && carry > 0; i-- {
		sum := int(raw[i]) + carry
		raw[i] = byte(sum)
		carry = sum >> 8
	}
	next, _ := netip.AddrFromSlice(raw)
	return next
}
