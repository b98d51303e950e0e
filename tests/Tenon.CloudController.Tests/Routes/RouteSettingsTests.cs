using Tenon.CloudController.Routes;

namespace Tenon.CloudController.Tests.Routes;

public class RouteSettingsTests
{
    private static readonly RouteFlags Flags = new() { AllocateNodeCidrs = true, ClusterCidr = "10.244.0.0/16" };

    [Fact]
    public void A_router_and_a_cluster_range_suffice()
        => RouteSettings.Decide(Flags, "r1", null).Settings!.ClusterRanges.ShouldHaveSingleItem().ToString().ShouldBe("10.244.0.0/16");

    [Theory]
    [InlineData(false, null, "r1", null, "--allocate-node-cidrs")]
    [InlineData(true, false, "r1", null, "--configure-cloud-routes is false")]
    [InlineData(true, null, null, null, "no router-id")]
    [InlineData(true, null, null, "found", "set it to found")]
    public void Routes_are_off_with_a_reason(bool allocate, bool? configure, string? configured, string? found, string why)
    {
        RouteDecision decision = RouteSettings.Decide(Flags with { AllocateNodeCidrs = allocate, ConfigureCloudRoutes = configure }, configured, found);
        decision.Settings.ShouldBeNull();
        decision.WhyNot!.ShouldContain(why);
        decision.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_router_that_was_found_serves_only_who_asks_for_routes_explicitly()
        => RouteSettings.Decide(Flags with { ConfigureCloudRoutes = true }, null, "found").Settings!.RouterId.ShouldBe("found");

    [Theory]
    [InlineData(null, "pod range")]
    [InlineData("", "pod range")]
    [InlineData("10.244.0.0", "not a range")]
    [InlineData("10.244.0.0/16,10.245.0.0/16", "one range of each family")]
    [InlineData("10.244.0.0/16,fd42::/48,fd43::/48", "one range of each family")]
    public void A_cluster_range_that_is_wrong_is_an_error_that_names_the_flag(string? range, string says)
    {
        RouteDecision decision = RouteSettings.Decide(Flags with { ClusterCidr = range }, "r1", null);
        decision.Settings.ShouldBeNull();
        decision.Problems.ShouldHaveSingleItem().ToString().ShouldContain(says);
        decision.Problems[0].Field.ShouldBe("--cluster-cidr");
    }
}
