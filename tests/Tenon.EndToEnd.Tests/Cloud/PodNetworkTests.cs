using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Pods whose interfaces are ports of the real Neutron: the controller, an agent on each host, the plugin, and packets.</summary>
public sealed class PodNetworkTests(TestCloud cloud) : CloudTest(cloud)
{
    private const string Network = "default/blue";

    [CloudFact]
    public async Task Two_pods_and_a_machine_of_one_virtual_network_reach_each_other_across_hosts_and_leave_nothing()
    {
        PodCluster cluster = await CreatePodClusterAsync(["compute1", "compute2"]);
        var labels = new Dictionary<string, string> { ["name"] = "blue" };
        CloudPod[] pods = await cluster.AddPodsAsync(new PodDeclaration("one", "compute1") { Labels = labels }, new PodDeclaration("two", "compute2") { Labels = labels });
        string open = await Project.MakeSecurityGroupAsync("open", ("icmp", null, null, "0.0.0.0/0"));
        Guest machine = await Project.AddGuestAsync(open, "machine", "az3", await NetworkIdAsync(cluster));

        foreach ((string name, Func<string, Task<Ended>> ping, string to) in new (string, Func<string, Task<Ended>>, string)[]
        {
            ("one to two", a => PingAsync(pods[0].RunAsync, a), pods[1].Address),
            ("two to one", a => PingAsync(pods[1].RunAsync, a), pods[0].Address),
            ("the machine to one", a => PingAsync(machine.RunAsync, a), pods[0].Address),
            ("the machine to two", a => PingAsync(machine.RunAsync, a), pods[1].Address),
            ("one to the machine", a => PingAsync(pods[0].RunAsync, a), machine.Address),
        })
            await ShouldPingAsync(cluster, $"{name} ({to})", () => ping(to));

        await machine.DeleteAsync();
        await cluster.EmptyAsync();
        await Project.ShouldHoldNothingElseAsync();
        (await cluster.Controller.StopAsync()).ShouldBe(0, cluster.Controller.Log);
    }

    private static async Task ShouldPingAsync(PodCluster cluster, string what, Func<Task<Ended>> ping)
    {
        Ended? last = null;
        try
        {
            await Eventually.UntilAsync(what, TimeSpan.FromSeconds(60), async () => (last = await ping()).Code == 0, () => $"{last}");
        }
        catch (TimeoutException exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await cluster.ExplainAsync()}", exception);
        }
    }

    /// <summary>All five must be answered: the plugin has said that packets flow.</summary>
    private static Task<Ended> PingAsync(Func<string[], Task<Ended>> run, string address) => run(["ping", "-q", "-c", "5", "-i", "0.3", "-W", "2", address]);

    private static Task<string> NetworkIdAsync(PodCluster cluster)
        => cluster.UntilAsync($"{Network} is made", id => id.Length > 0, "virtualnetwork", "-n", Network.Split('/')[0], Network.Split('/')[1], "-o", "jsonpath={.status.networkId}");
}
