using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.OpenStack;

/// <summary>The real <c>openstack</c> client, unchanged, against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class OpenStackClientTests : IAsyncLifetime
{
    private const int Limit = 300_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("tenon-openstack-").FullName;
    private CloudClient _cloud = null!;

    public async ValueTask InitializeAsync()
    {
        string? client = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, "openstack")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(client is not null, "The openstack client is not installed: apt-get install python3-openstackclient");
        _cloud = await CloudClient.StartAsync(new SandboxOptions { Regions = ["RegionOne", "RegionTwo"], Controllers = "none" });
        await File.WriteAllTextAsync(Path.Combine(_folder, "clouds.yaml"), _cloud.Host.CloudsYaml, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cloud is not null) await _cloud.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_lives_through_the_clients_commands()
    {
        JsonArray nodes = (await Json("sandbox", "server", "list", "--sort-column", "Name")).AsArray();
        nodes.Select(n => (string)n!["Name"]!).ShouldBe(["node-1", "node-2", "node-3"]);
        nodes.Select(n => (string)n!["Flavor"]!).ShouldAllBe(f => f == "m1.medium");
        JsonNode created = await Json(
            "sandbox", "server", "create", "--flavor", "m1.small", "--image", "cirros", "--network", "nodes", "--availability-zone", "az2", "--wait", "s1");
        created["status"]!.ToString().ShouldBe("ACTIVE");
        await Run("sandbox", "server", "stop", "s1");
        (await Json("sandbox", "server", "show", "s1"))["status"]!.ToString().ShouldBe("SHUTOFF");
        await Run("sandbox", "server", "start", "s1");
        await Run("sandbox", "server", "reboot", "--wait", "s1");
        await Run("sandbox", "port", "create", "--network", "nodes", "p1");
        await Run("sandbox", "server", "add", "port", "s1", "p1");
        await Run("sandbox", "server", "add", "fixed", "ip", "s1", "nodes");
        await Run("sandbox", "server", "remove", "port", "s1", "p1");
        string floating = (await Json("sandbox", "floating", "ip", "create", "public"))["floating_ip_address"]!.ToString();
        await Run("sandbox", "server", "add", "floating", "ip", "s1", floating);
        (await Json("sandbox", "server", "show", "s1"))["addresses"]!["nodes"]!.AsArray().Select(a => a!.ToString()).ShouldContain(floating);
        await Run("sandbox", "server", "remove", "floating", "ip", "s1", floating);
        await Run("sandbox", "security", "group", "create", "sg1");
        await Run("sandbox", "server", "add", "security", "group", "s1", "sg1");
        await Run("sandbox", "server", "delete", "--wait", "s1");
        (await Json("sandbox", "server", "list")).AsArray().Count.ShouldBe(3);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_project_asks_about_itself_is_answered()
    {
        (await Json("sandbox", "token", "issue"))["project_id"].ShouldNotBeNull();
        (await Json("sandbox", "catalog", "list")).AsArray().Count.ShouldBeGreaterThanOrEqualTo(6);
        (await Json("sandbox", "flavor", "list")).AsArray().Count.ShouldBe(5);
        (await Json("sandbox", "image", "list")).AsArray().Single()!["Name"]!.ToString().ShouldBe("cirros");
        (await Json("sandbox", "availability", "zone", "list", "--compute")).AsArray().Select(z => z!["Zone Name"]!.ToString()).ShouldBe(["az1", "az2", "az3"]);
        (await Json("sandbox", "limits", "show", "--absolute")).AsArray().Select(l => l!["Name"]!.ToString()).ShouldContain("totalInstancesUsed");
        (await Json("sandbox", "quota", "show")).ShouldNotBeNull();
        (await Json("sandbox", "keypair", "list")).AsArray().Count.ShouldBe(1);
        JsonNode credential = await Json("sandbox", "application", "credential", "create", "ccm");
        credential["secret"]!.ToString().ShouldNotBeEmpty();
        (await Json("sandbox", "application", "credential", "list")).AsArray().Single()!["Name"]!.ToString().ShouldBe("ccm");
        (await Json("sandbox", "versions", "show")).AsArray().ShouldNotBeEmpty();
    }

    [Fact(Timeout = Limit)]
    public async Task An_administrator_keeps_accounts_and_sees_every_project_and_region()
    {
        await Run("sandbox-admin", "project", "create", "p1");
        await Run("sandbox-admin", "user", "create", "--project", "p1", "--password", "pw", "u1");
        await Run("sandbox-admin", "role", "add", "--project", "p1", "--user", "u1", "member");
        (await Json("sandbox-admin", "role", "assignment", "list", "--names", "--project", "p1")).AsArray().Single()!["Role"]!.ToString().ShouldBe("member");
        (await Json("sandbox-admin", "server", "list", "--all-projects")).AsArray().Count.ShouldBe(3);
        (await Json("sandbox-admin", "hypervisor", "list")).AsArray().Count.ShouldBe(3);
        (await Json("sandbox-admin", "region", "list")).AsArray().Count.ShouldBe(2);
        (await Json("sandbox-RegionTwo", "server", "list")).AsArray().ShouldBeEmpty();
        (await Json("sandbox-RegionTwo", "network", "list")).AsArray().Select(n => n!["Name"]!.ToString()).ShouldContain("nodes");
        (int code, _, string error) = await Start("sandbox", "server", "show", "nope");
        code.ShouldBe(1);
        error.ShouldContain("No server with a name or ID of 'nope' exists.");
    }

    private async Task<JsonNode> Json(string cloud, params string[] arguments) => JsonNode.Parse(await Run(cloud, [.. arguments, "-f", "json"]))!;

    private async Task<string> Run(string cloud, params string[] arguments)
    {
        (int code, string output, string error) = await Start(cloud, arguments);
        code.ShouldBe(0, $"openstack {string.Join(' ', arguments)}: {error}");
        return output;
    }

    private async Task<(int Code, string Output, string Error)> Start(string cloud, params string[] arguments)
    {
        var start = new ProcessStartInfo("openstack", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("OS_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        start.Environment["OS_CLIENT_CONFIG_FILE"] = Path.Combine(_folder, "clouds.yaml");
        start.Environment["OS_CLOUD"] = cloud;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, await error);
    }
}
