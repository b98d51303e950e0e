using System.Text.Json;

namespace Tenon.Core.Tests;

public sealed class ValueTests
{
    private sealed record Holder(EquatableArray<string> Items);

    [Fact]
    public void Records_with_equal_arrays_are_equal()
    {
        new Holder(["a", "b"]).ShouldBe(new Holder(["a", "b"]));
        new Holder(["a", "b"]).GetHashCode().ShouldBe(new Holder(["a", "b"]).GetHashCode());
        new Holder(["a", "b"]).ShouldNotBe(new Holder(["b", "a"]));
        new Holder(default).ShouldBe(new Holder([]));
    }

    [Fact]
    public void A_secret_prints_nothing_and_refuses_to_be_serialized()
    {
        var secret = new Secret("hunter2");
        $"{secret}".ShouldBe("***");
        new { secret }.ToString()!.ShouldNotContain("hunter2");
        Should.Throw<NotSupportedException>(() => JsonSerializer.Serialize(secret));
        secret.Reveal().ShouldBe("hunter2");
    }

    [Theory]
    [InlineData("default/web", "default", "web")]
    [InlineData("node-1", "", "node-1")]
    public void Keys_are_read_and_printed_alike(string text, string space, string name)
    {
        var key = NamespacedName.Parse(text);
        key.ShouldBe(new NamespacedName(space, name));
        key.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("a/")]
    public void A_malformed_key_is_refused(string text) => Should.Throw<FormatException>(() => NamespacedName.Parse(text));

    [Fact]
    public void Names_that_differ_only_beyond_the_limit_stay_different()
    {
        string stem = new('x', 300);
        string one = BoundedName.Fit(stem + "1", 255);
        string two = BoundedName.Fit(stem + "2", 255);
        one.Length.ShouldBe(255);
        one.ShouldNotBe(two);
        BoundedName.Fit("short", 255).ShouldBe("short");
    }

    [Theory]
    [InlineData("subnet_id", "subnet-id")]
    [InlineData("flaoting-network-id", "floating-network-id")]
    [InlineData("completely-different", null)]
    public void The_nearest_name_is_suggested(string written, string? expected)
        => NearestName.Find(written, ["subnet-id", "network-id", "floating-network-id"]).ShouldBe(expected);

    [Fact]
    public void A_problem_names_the_field_the_value_and_the_fix()
        => Problem.Error("lb-method", "RR", "is not a load-balancing method", "Use ROUND_ROBIN.", 12).ToString()
            .ShouldBe("line 12: lb-method \"RR\": is not a load-balancing method. Use ROUND_ROBIN.");
}
