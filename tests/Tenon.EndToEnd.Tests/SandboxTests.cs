using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary><c>tenon sandbox</c> from up to down.</summary>
[Trait("tier", "slow")]
public sealed class SandboxTests
{
    private const int Limit = 180_000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact(Timeout = Limit)]
    public async Task A_detached_sandbox_comes_up_once_keeps_its_secrets_and_goes_down()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        string[] files = ["kubeconfig", "clouds.yaml", "cloud.conf", "sandbox.json"];
        foreach (string file in files) File.GetUnixFileMode(Path.Combine(world.Root, file)).ShouldBe(OwnerOnly, file);
        (await world.KubectlAsync("get", "nodes", "-o", "name")).Split('\n').ShouldBe(["node/node-1", "node/node-2"]);

        JsonNode status = JsonNode.Parse((await Tool.TenonAsync("sandbox", "status", "--dir", world.Root, "--output", "json")).ShouldEndWith(0).Output)!;
        status["processId"]!.GetValue<int>().ShouldBe(world.ProcessId);
        (await Tool.TenonAsync("sandbox", "status", "--dir", world.Root)).ShouldEndWith(0).Output.ShouldContain($"process {world.ProcessId}");

        Ended second = (await Tool.TenonAsync("sandbox", "up", "--detach", "--dir", world.Root)).ShouldEndWith(1);
        second.Errors.ShouldContain("already runs");
        second.Errors.ShouldContain("tenon sandbox down --dir");

        (await Tool.TenonAsync("sandbox", "down", "--dir", world.Root)).ShouldEndWith(0);
        SandboxWorld.SandboxLives(world.ProcessId, world.Root).ShouldBeFalse();
        foreach (string file in files) File.Exists(Path.Combine(world.Root, file)).ShouldBeFalse(file);
        (await Tool.TenonAsync("sandbox", "status", "--dir", world.Root)).ShouldEndWith(1).Errors.ShouldContain("no sandbox runs");
        (await Tool.TenonAsync("sandbox", "down", "--dir", world.Root)).ShouldEndWith(0);
    }

    [Fact(Timeout = Limit)]
    public async Task One_in_the_foreground_ends_when_it_is_asked_to_and_takes_its_files_along()
    {
        string root = Directory.CreateTempSubdirectory("tenon-e2e-").FullName;
        try
        {
            await using RunningTenon sandbox = RunningTenon.Start("sandbox", "up", "--dir", root, "--nodes", "1");
            await Eventually.UntilAsync("it says what to type next", TimeSpan.FromSeconds(90), () => Task.FromResult(sandbox.Log.Contains("Running until stopped", StringComparison.Ordinal)), () => sandbox.Log);
            sandbox.Log.ShouldContain($"export KUBECONFIG={root}/kubeconfig");
            (await sandbox.StopAsync()).ShouldBe(0, sandbox.Log);
            Directory.GetFiles(root).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task The_openstack_client_lists_its_servers_and_load_balancers()
    {
        Tool.Require("openstack", "python3-openstackclient");
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/octaviaclient"), "the client's loadbalancer commands are not installed: apt-get install python3-octaviaclient");
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        (await world.OpenStackAsync("server", "list", "--sort-column", "Name")).AsArray().Select(s => (string)s!["Name"]!).ShouldBe(["node-1", "node-2"]);
        (await world.OpenStackAsync("loadbalancer", "list")).AsArray().ShouldBeEmpty();
    }
}
