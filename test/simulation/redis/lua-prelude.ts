/**
 * Turns a fresh Lua into the one that Redis 7 gives to scripts, and makes what it can't have alike say so. Its arguments
 * are redis.call, redis.pcall, and a function that ends the script because something is not simulated; it returns the
 * handler of errors, which is that of Redis (scriptingInit, in eval.c of Redis 7.0).
 */
export const LUA_PRELUDE = `
local call, pcall, refuse = ...
local getinfo = debug.getinfo

local function refusing(prefix)
  return function(_, name)
    refuse(prefix .. tostring(name))
  end
end

redis = setmetatable({ call = call, pcall = pcall }, { __index = refusing('redis.') })
math.random, math.randomseed = nil, nil
setmetatable(math, { __index = refusing('math.') })

local kept = {
  '_G', '_VERSION', 'assert', 'error', 'getmetatable', 'ipairs', 'math', 'next', 'pairs', 'rawequal', 'rawget',
  'rawset', 'redis', 'select', 'setmetatable', 'string', 'table', 'tonumber', 'tostring', 'type', 'unpack',
}
local isKept = {}
for _, name in ipairs(kept) do
  isKept[name] = true
end
for name in pairs(_G) do
  if not isKept[name] then
    _G[name] = nil
  end
end

-- Redis has them as well, some of them in a way of its own.
local refused = {
  bit = true, cjson = true, cmsgpack = true, collectgarbage = true, coroutine = true, gcinfo = true, load = true,
  loadstring = true, os = true, pcall = true, struct = true, xpcall = true,
}
setmetatable(_G, {
  __index = function(_, name)
    if refused[name] then
      refuse(name)
    end
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
  __newindex = function()
    error('Attempt to modify a readonly table', 2)
  end,
})

-- C has integers of 32 bits here.
local format, match, toNumber = string.format, string.match, tonumber
local fits = {}
string.format = function(pattern, ...)
  if not fits[pattern] then
    if match(pattern, '%%[-+ #0-9.]*[diouxX]') then
      refuse('string.format of ' .. pattern)
    end
    fits[pattern] = true
  end
  return format(pattern, ...)
end

-- What takes most of the time of a script is remembered: the last long text in which each pattern was looked for, which
-- is INFO, with what was found if that is one value; and texts of many digits, which are times, with their numbers.
local texts, found = {}, {}
string.match = function(text, pattern, init)
  if text and texts[pattern] == text and not init then
    return found[pattern]
  end
  if type(text) == 'string' and #text > 200 and not init then
    local first, second = match(text, pattern)
    if not second then
      texts[pattern], found[pattern] = text, first
      return first
    end
  end
  return match(text, pattern, init)
end

local numbers, count = {}, 0
tonumber = function(value, base)
  if base then
    refuse('tonumber with a base')
  end
  local number = numbers[value]
  if number then
    return number
  end
  number = toNumber(value)
  if number and type(value) == 'string' and #value > 10 then
    if count == 1000 then
      numbers, count = {}, 0
    end
    numbers[value], count = number, count + 1
  end
  return number
end

return function(err)
  local at = getinfo(2, 'nSl')
  if at and at.what == 'C' then
    at = getinfo(3, 'nSl')
  end
  -- In Redis what complains of globals is written in C.
  if at and at.source == '@prelude' then
    at = getinfo(4, 'nSl')
  end
  if type(err) ~= 'table' then
    err = { err = 'ERR ' .. tostring(err) }
  end
  if at then
    err.source = at.source
    err.line = at.currentline
  end
  return err
end
`;
