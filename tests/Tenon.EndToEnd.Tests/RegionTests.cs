using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>A cloud of two regions: a controller looks after one of them.</summary>
[Trait("tier", "slow")]
public sealed class RegionTests
{
    private const int Limit = 300_000;

    private static readonly string[] ProviderIds = ["nodes", "-o", "jsonpath={range .items[*]}{.metadata.name}={.spec.providerID} {end}"];

    [Fact(Timeout = Limit)]
    public async Task A_controller_serves_its_region_and_leaves_nodes_of_the_other_alone()
    {
        Tool.Require("openstack", "python3-openstackclient");
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1", "--region", "North", "--region", "South");
        string conf = await File.ReadAllTextAsync(world.CloudConf, TestContext.Current.CancellationToken);
        string open = string.Join('\n', conf.Split('\n').Where(l => !l.StartsWith("region", StringComparison.Ordinal)));

        // Which region is not said: the candidates are named, with the option that decides.
        Ended undecided = (await CheckAsync(world, open)).ShouldEndWith(1);
        undecided.Output.ShouldContain("[Global] region");
        undecided.Output.ShouldContain("Set it to one of North, South.");

        string leaving = await ServerAsync(world, "south-1"), staying = await ServerAsync(world, "south-2");
        await RegisterAsync(world, "south-1");
        await RegisterAsync(world, "south-2");
        const string Foreign = "openstack://North/0b6f8f6c-50d5-4c2f-9a3e-6f6c2b1f7a10";
        await RegisterAsync(world, "north-1", Foreign);
        string file = await WriteAsync(world, open.Replace("[Global]", "[Global]\nregion = South", StringComparison.Ordinal) + "\n[Node]\nregional-provider-id = true\n");
        await using RunningTenon controller = RunningTenon.Start("cloud-controller", "--cloud-config", file, "--kubeconfig", world.Kubeconfig, "--secure-port", "0");
        foreach ((string node, string server) in new[] { ("south-1", leaving), ("south-2", staying) })
            await world.UntilAsync(controller, "the region's nodes have their provider IDs", ids => $"{ids} ".Contains($"{node}=openstack://South/{server} ", StringComparison.Ordinal), ProviderIds);
        (await world.KubectlAsync("get", "node", "south-1", "-o", @"jsonpath={.metadata.labels.topology\.kubernetes\.io/region}")).ShouldBe("South");

        // The other region's node has no server here either, yet it is not this controller's to delete.
        await OpenStackAsync(world, "server", "delete", "--wait", leaving);
        await world.UntilAsync(controller, "the node whose server is gone is deleted", ids => !ids.Contains("south-1=", StringComparison.Ordinal), ProviderIds);
        (await world.KubectlAsync(["get", .. ProviderIds])).ShouldContain($"north-1={Foreign}");
        (await controller.StopAsync()).ShouldBe(0, controller.Log);
    }

    private static async Task<Ended> CheckAsync(SandboxWorld world, string conf)
        => await Tool.TenonAsync("check", "--cloud-config", await WriteAsync(world, conf), "--kubeconfig", world.Kubeconfig);

    private static async Task<string> WriteAsync(SandboxWorld world, string conf)
    {
        string file = Path.Combine(world.Root, "region.conf");
        await File.WriteAllTextAsync(file, conf, TestContext.Current.CancellationToken);
        return file;
    }

    private static async Task<string> ServerAsync(SandboxWorld world, string name)
        => (await OpenStackAsync(world, "server", "create", "--image", "cirros", "--flavor", "m1.small", "--network", "nodes", "--wait", name, "-f", "value", "-c", "id")).Trim();

    private static async Task<string> OpenStackAsync(SandboxWorld world, params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["OS_CLIENT_CONFIG_FILE"] = Path.Combine(world.Root, "clouds.yaml"), ["OS_CLOUD"] = "sandbox-South" };
        return (await Tool.RunAsync("openstack", arguments, environment)).ShouldEndWith(0).Output;
    }

    /// <summary>The node that a server's kubelet registers.</summary>
    private static async Task RegisterAsync(SandboxWorld world, string name, string? providerId = null)
    {
        string taints = providerId is null ? """ "taints":[{"key":"node.cloudprovider.kubernetes.io/uninitialized","value":"true","effect":"NoSchedule"}] """ : $""" "providerID":"{providerId}" """;
        (await world.TryKubectlAsync($$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{name}}}"},"spec":{ {{{taints}}} }}""", "apply", "-f", "-")).ShouldEndWith(0);
    }
}
