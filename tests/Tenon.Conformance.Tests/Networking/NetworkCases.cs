using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Networks and subnets (Networking API v2.0, "Networks", "Subnets").</summary>
public sealed class NetworkCases(Clouds clouds)
{
    [Theory(Timeout = 120_000), Sides]
    public async Task A_new_network_is_active_and_private_and_has_no_subnet(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.MakeAsync("network", "/v2.0/networks", new { network = new { name = scratch.Name } });
        made.ShouldBe(201);
        made["network/status"].ShouldBe("ACTIVE");
        made["network/router:external"].ShouldBe("false");
        made["network/shared"].ShouldBe("false");
        made.List("network/subnets").ShouldBeEmpty();
    }
}
