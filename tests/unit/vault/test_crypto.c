#include "vault/crypto.h"

#include "tests/unit/text.h"

#include <stdio.h>
#include <stdlib.h>

static void assert_hex(const unsigned char *bytes, int len, const char *wanted)
{
    char text[2 * TK_DIGEST_MAX + 1] = "";

    assert_in_range(len, 1, TK_DIGEST_MAX);
    for (int i = 0; i < len; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, wanted);
}

static void assert_digest(enum tk_digest kind, struct tk_str bytes,
                          const char *wanted)
{
    unsigned char out[TK_DIGEST_MAX];
    int len = tk_digest(kind, bytes, out);

    assert_hex(out, len, wanted);
}

/* FIPS 180-4: the examples published with it. */
static void digests_are_those_of_fips_180(void **state)
{
    struct tk_str abc = TK_STR("abc");
    struct tk_str none = {NULL, 0};
    struct tk_str two_blocks =
        TK_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");

    (void)state;
    assert_digest(TK_SHA1, abc, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_digest(TK_SHA1, none, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_digest(TK_SHA1, two_blocks,
                  "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    assert_digest(TK_SHA256, abc,
                  "ba7816bf8f01cfea414140de5dae2223"
                  "b00361a396177a9cb410ff61f20015ad");
    assert_digest(TK_SHA256, none,
                  "e3b0c44298fc1c149afbf4c8996fb924"
                  "27ae41e4649b934ca495991b7852b855");
    assert_digest(TK_SHA256, two_blocks,
                  "248d6a61d20638b8e5c026930c3e6039"
                  "a33ce45964ff2167f6ecedd419db06c1");
    assert_digest(TK_SHA512, abc,
                  "ddaf35a193617abacc417349ae204131"
                  "12e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd"
                  "454d4423643ce80e2a9ac94fa54ca49f");
    assert_digest(TK_SHA512, none,
                  "cf83e1357eefb8bdf1542850d66d8007"
                  "d620e4050b5715dc83f4a921d36ce9ce"
                  "47d0d13c5d85f2b0ff8318d2877eec2f"
                  "63b931bd47417a81a538327af927da3e");
}

static void a_million_bytes_have_their_published_digest(void **state)
{
    char *bytes = malloc(1000000);

    (void)state;
    memset(bytes, 'a', 1000000);
    assert_digest(TK_SHA256, tk_str_of(bytes, 1000000),
                  "cdc76e5c9914fb9281a1c7e284d73e67"
                  "f1809a48a497200e046d39ccc7112cd0");
    assert_digest(TK_SHA1, tk_str_of(bytes, 1000000),
                  "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    free(bytes);
}

static void assert_hmac(enum tk_digest kind, struct tk_str key,
                        struct tk_str bytes, const char *wanted)
{
    unsigned char out[TK_DIGEST_MAX];
    int len = tk_hmac(kind, key, bytes, out);

    assert_hex(out, len, wanted);
}

static void keyed_digests_are_those_of_rfc_4231(void **state)
{
    char key[131];
    char data[50];
    struct tk_str jefe = TK_STR("what do ya want for nothing?");
    struct tk_str larger =
        TK_STR("Test Using Larger Than Block-Size Key - Hash Key First");

    (void)state;
    memset(key, 0x0b, 20);
    assert_hmac(TK_SHA256, tk_str_of(key, 20), TK_STR("Hi There"),
                "b0344c61d8db38535ca8afceaf0bf12b"
                "881dc200c9833da726e9376c2e32cff7");
    assert_hmac(TK_SHA512, tk_str_of(key, 20), TK_STR("Hi There"),
                "87aa7cdea5ef619d4ff0b4241a1d6cb0"
                "2379f4e2ce4ec2787ad0b30545e17cde"
                "daa833b7d6b8a702038b274eaea3f4e4"
                "be9d914eeb61f1702e696c203a126854");
    assert_hmac(TK_SHA256, TK_STR("Jefe"), jefe,
                "5bdcc146bf60754e6a042426089575c7"
                "5a003f089d2739839dec58b964ec3843");
    assert_hmac(TK_SHA512, TK_STR("Jefe"), jefe,
                "164b7a7bfcf819e2e395fbe73b56e0a3"
                "87bd64222e831fd610270cd7ea250554"
                "9758bf75c05a994a6d034f65f8f0e6fd"
                "caeab1a34d4a6b4b636e070a38bce737");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    assert_hmac(TK_SHA256, tk_str_of(key, 20), tk_str_of(data, 50),
                "773ea91e36800e46854db8ebd09181a7"
                "2959098b3ef8c122d9635514ced565fe");
    assert_hmac(TK_SHA256, tk_str_of(key, 131), larger,
                "60e431591ee0b67f0d8a26aacbf5b77f"
                "8e0bc6213728c5140546040f0ee37f54");
}

static void keyed_sha1_is_that_of_rfc_2202(void **state)
{
    char key[20];

    (void)state;
    memset(key, 0x0b, sizeof key);
    assert_hmac(TK_SHA1, tk_str_of(key, 20), TK_STR("Hi There"),
                "b617318655057264e28bc0b6fb378c8ef146be00");
    assert_hmac(TK_SHA1, TK_STR("Jefe"), TK_STR("what do ya want for nothing?"),
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void an_empty_key_and_an_empty_text_are_allowed(void **state)
{
    struct tk_str none = {NULL, 0};

    (void)state;
    assert_hmac(TK_SHA256, none, none,
                "b613679a0814d9ec772f95d778c35fc5"
                "ff1697c493715653c6c712144292c5ad");
    assert_hmac(TK_SHA1, TK_STR(""), TK_STR(""),
                "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

static void digests_have_names(void **state)
{
    static const char *const others[] = {"",        "md5",  "SHA256",
                                         "sha-256", "sha2", "sha2566"};
    enum tk_digest kind = TK_SHA1;

    (void)state;
    assert_true(tk_digest_parse(TK_STR("sha512"), &kind));
    assert_int_equal(kind, TK_SHA512);
    assert_true(tk_digest_parse(TK_STR("sha1"), &kind));
    assert_int_equal(kind, TK_SHA1);
    assert_true(tk_digest_parse(TK_STR("sha256"), &kind));
    assert_int_equal(kind, TK_SHA256);
    for (int i = 0; i < 6; i++) {
        assert_false(tk_digest_parse(tk_str(others[i]), &kind));
    }
    assert_int_equal(kind, TK_SHA256);
}

static void bytes_are_the_same_only_if_all_of_them_are(void **state)
{
    char one[40];
    char two[40];

    (void)state;
    memset(one, 'x', sizeof one);
    memset(two, 'x', sizeof two);
    assert_true(tk_same_bytes(tk_str_of(one, 40), tk_str_of(two, 40)));
    assert_false(tk_same_bytes(tk_str_of(one, 40), tk_str_of(two, 39)));
    assert_true(tk_same_bytes(tk_str_of(NULL, 0), TK_STR("")));
    assert_false(tk_same_bytes(tk_str_of(NULL, 0), TK_STR("x")));
    for (size_t i = 0; i < sizeof two; i++) {
        two[i] = '\0';
        assert_false(tk_same_bytes(tk_str_of(one, 40), tk_str_of(two, 40)));
        two[i] = 'x';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_fips_180),
        cmocka_unit_test(a_million_bytes_have_their_published_digest),
        cmocka_unit_test(keyed_digests_are_those_of_rfc_4231),
        cmocka_unit_test(keyed_sha1_is_that_of_rfc_2202),
        cmocka_unit_test(an_empty_key_and_an_empty_text_are_allowed),
        cmocka_unit_test(digests_have_names),
        cmocka_unit_test(bytes_are_the_same_only_if_all_of_them_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
