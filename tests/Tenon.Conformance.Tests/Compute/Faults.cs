using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>Servers that come to nothing.</summary>
internal static class Faults
{
    /// <summary>
    /// Waits for ERROR and its fault, which Nova writes down a moment after the state, and answers the server: it is nowhere, and says why.
    /// </summary>
    public static async Task<Answer> FailsAsync(Wire wire, string id)
    {
        Answer server = await Scratch.UntilAsync(
            () => wire.GetAsync("compute", $"/servers/{id}", Nova.V("2.69")),
            a => a["server/status"] is not (null or "BUILD") && (a["server/status"] != "ERROR" || a.Has("server", "fault")),
            $"in ERROR with its fault: {id}");
        server["server/status"].ShouldBe("ERROR", server.Text);
        server["server/OS-EXT-STS:vm_state"].ShouldBe("error");
        server["server/OS-EXT-STS:power_state"].ShouldBe("0");
        server["server/OS-EXT-STS:task_state"].ShouldBeNull();
        server["server/fault/code"].ShouldBe("500");
        server["server/fault/created"]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        server.Has("server/fault", "details").ShouldBeFalse();
        server.Has("server", "progress").ShouldBeFalse();
        server.Has("server", "security_groups").ShouldBeFalse();
        server["server/hostId"].ShouldBe("");
        server["server/addresses"].ShouldBe("{}");
        server["server/OS-SRV-USG:launched_at"].ShouldBeNull();
        return server;
    }
}
