-- Tells the instances at which somebody waits, one of which has done this: a message is its name and the users of whom
-- something is new. It is a hint, and what was written stands without it: of an error the caller is told, '' is none. The
-- channel is no key, which a cluster would look for where the keys of the coupon are just being moved.
local function tellOfOutcomes(channel, sender, first, last)
  local answer = redis.pcall('SPUBLISH', channel, sender .. ' ' .. table.concat(ARGV, ' ', first, last))
  return type(answer) == 'table' and answer.err or ''
end
