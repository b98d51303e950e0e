using Tenon.Kubernetes.Objects;
using Tenon.Network.Control;
using Tenon.Network.Tests.Scale;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Control;

public sealed class NodeBindingsTests
{
    private static Node Named(string name, int age) => new()
    {
        Metadata = new ObjectMeta { Name = name, CreationTimestamp = DateTimeOffset.UnixEpoch.AddDays(-age) },
        Spec = new NodeSpec { ProviderId = "openstack:///server" },
    };

    [Fact]
    public async Task Of_two_nodes_that_say_they_are_one_machine_the_older_has_its_trunk_and_the_other_is_told()
    {
        var neutron = new MemoryNeutron();
        neutron.Trunks["trunk"] = new Trunk { Id = "trunk", PortId = "parent" };
        neutron.Ports["parent"] = new Port { Id = "parent", DeviceId = "server" };
        IReadOnlyDictionary<string, string> problems = await NodeChecks.ProblemsAsync([Named("b-new", 1), Named("c-old", 2)], neutron, neutron, TestContext.Current.CancellationToken);
        problems.Keys.ShouldBe(["b-new"]);
        problems["b-new"].ShouldContain("openstack:///server is that of node c-old too");
    }
}
