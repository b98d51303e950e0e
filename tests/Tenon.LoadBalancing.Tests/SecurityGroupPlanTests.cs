using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>The security group on the ports of the members.</summary>
public sealed class SecurityGroupPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void A_security_group_comes_with_its_rules_on_the_ports_and_goes_without_a_trace()
    {
        _cloud.Ports["p1"] = new Port { Id = "p1", SecurityGroups = ["default"] };
        _cloud.Ports["p2"] = new Port { Id = "p2", SecurityGroups = ["default"] };
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        DesiredLoadBalancer with = desired with
        {
            SecurityGroup = new DesiredSecurityGroup { Name = "lb-sg-uid-default-web", Rules = [new IngressRule("IPv4", "tcp", 30080, "10.0.0.0/24")], PortIds = ["p1", "p2"], Tags = ["tenon.cluster=1"] },
        };

        _cloud.Converge(with);
        SecurityGroup group = _cloud.SecurityGroups.Values.Single();
        group.Rules.Single().PortRangeMin.ShouldBe(30080);
        group.Tags.ShouldBe(["tenon.cluster=1"]);
        _cloud.Ports["p2"].SecurityGroups.ShouldBe(["default", group.Id]);
        _cloud.Converge(with with { SecurityGroup = with.SecurityGroup with { PortIds = ["p1"], Rules = [new IngressRule("IPv4", "tcp", 31000, "10.0.0.0/24")] } });
        _cloud.Ports["p2"].SecurityGroups.ShouldBe(["default"]);
        _cloud.SecurityGroups.Values.Single().Rules.Single().PortRangeMin.ShouldBe(31000);
        _cloud.Converge(desired);

        _cloud.SecurityGroups.ShouldBeEmpty();
        _cloud.Ports["p1"].SecurityGroups.ShouldBe(["default"]);
    }
}
