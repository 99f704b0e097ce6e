local fakes = require "support.fakes"

describe("tokeng.fake", function()
    local fake = fakes.load("tokeng/fake")

    describe("check_client", function()
        it("lets anybody in who knows the common secret", function()
            assert.equal("ok", fake.check_client({}, "a", "fake-secret"))
            assert.equal("wrong", fake.check_client({}, "a", "else"))
            assert.equal("wrong", fake.check_client({}, "a", nil))
        end)

        it("lets only listed clients in if there is a list", function()
            local settings = { clients = { a = "s" } }
            assert.equal("ok", fake.check_client(settings, "a", "s"))
            assert.equal("wrong", fake.check_client(settings, "a", "x"))
            assert.equal("wrong",
                fake.check_client(settings, "a", "fake-secret"))
            assert.equal("unknown", fake.check_client(settings, "b", "s"))
        end)
    end)

    describe("a book", function()
        local book

        before_each(function()
            book = fake.book("t", "t-", { seed = "7" })
        end)

        it("issues tokens that differ", function()
            local seen = {}
            for _ = 1, 100 do
                local token = book:issue("c", "k", 10, 0).token
                assert.is_nil(seen[token])
                assert.equal("t-", token:sub(1, 2))
                seen[token] = true
            end
        end)

        it("issues the same tokens for the same seed", function()
            local same = fake.book("t", "t-", { seed = "7" })
            local other = fake.book("t", "t-", { seed = "8" })
            local token = book:issue("c", "k", 10, 0).token
            assert.equal(token, same:issue("c", "k", 10, 0).token)
            assert.not_equal(token, other:issue("c", "k", 10, 0).token)
        end)

        it("finds a token until its end", function()
            local token = book:issue("c", "k", 10, 5, { scope = "s" }).token
            assert.equal("s", book:find(token, 14.9).about.scope)
            assert.is_nil(book:find(token, 15))
            assert.is_nil(book:find("else", 5))
        end)

        it("knows the last token of a client and kind", function()
            book:issue("a", "k", 10, 0)
            local second = book:issue("a", "k", 10, 1)
            local other = book:issue("a", "l", 10, 1)
            assert.equal(second, book:last("a", "k", 5))
            assert.equal(other, book:last("a", "l", 5))
            assert.is_nil(book:last("b", "k", 5))
            assert.is_nil(book:last("a", "k", 11))
        end)

        it("forgets what has ended, and no more than that", function()
            local first = book:issue("a", "k", 10, 0)
            local second = book:issue("b", "k", 30, 1)
            book:issue("c", "k", 10, 20)
            assert.is_nil(book.by_token[first.token])
            assert.is_nil(book.newest["k a"])
            assert.equal(second, book:find(second.token, 20))
            assert.equal(second, book:last("b", "k", 20))
        end)

        it("remembers a bounded number of tokens", function()
            local first = book:issue("a", "k", 1e6, 0)
            for _ = 1, 12000 do book:issue("b", "k", 1e6, 0) end
            assert.is_nil(book:find(first.token, 0))
            local count = 0
            for _ in pairs(book.by_token) do count = count + 1 end
            assert.equal(10000, count)
        end)

        it("answers the host's questions", function()
            local token = book:issue("c", "k", 10, 0).token
            local status, _, answer = book:control(
                { control = "check", token = token }, 2.5)
            assert.equal(200, status)
            assert.same({ active = true, issuer = "t", client = "c",
                kind = "k", expires_in = 7 }, answer.body)
            status = book:control({ control = "check", token = "x" }, 2)
            assert.equal(404, status)
        end)

        it("accepts a revoked token no longer", function()
            local token = book:issue("c", "k", 10, 0).token
            local revoke = { control = "revoke", token = token }
            local status, _, answer = book:control(revoke, 2)
            assert.equal(200, status)
            assert.is_false(answer.body.active)
            assert.is_nil(book:find(token, 2))
            assert.equal(404, (book:control(revoke, 2)))
        end)
    end)
end)
