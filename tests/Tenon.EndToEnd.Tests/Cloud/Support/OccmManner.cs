using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// Makes for a Service what openstack-cloud-controller-manager makes for it with the OVN provider and managed security groups, by the
/// same calls and with the same names, tags, descriptions and rules, and leaves on the Service what it leaves there.
/// </summary>
internal sealed class OccmManner(CloudProject project, string cluster, string name)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private string Balancer => $"kube_service_{cluster}_default_{name}";

    public string LoadBalancerId { get; private set; } = "";

    public string FloatingIpId { get; private set; } = "";

    public string Address { get; private set; } = "";

    public string SecurityGroupId { get; private set; } = "";

    /// <summary>Makes the load balancer with listener, pool and members, its floating IP and its security group.</summary>
    public async Task ServeAsync(string uid, int port, int nodePort, params Guest[] nodes)
    {
        Answer balancer = await MakeLoadBalancerAsync(port, nodePort, nodes);
        LoadBalancerId = balancer["loadbalancer/id"]!;
        Answer? tree = null;
        await Eventually.UntilAsync("the load balancer is ACTIVE with all its parts", Limit, async () =>
        {
            tree = await project.Member.GetAsync("load-balancer", $"/v2/lbaas/loadbalancers/{LoadBalancerId}/status");
            return tree["statuses/loadbalancer/provisioning_status"] == "ACTIVE" && !tree.Text.Contains("PENDING_", StringComparison.Ordinal);
        }, () => tree?.Text ?? "");
        Answer floating = (await project.Member.PostAsync("network", "/v2.0/floatingips", new
        {
            floatingip = new
            {
                floating_network_id = project.Cloud.ExternalNetworkId,
                port_id = balancer["loadbalancer/vip_port_id"],
                description = $"Floating IP for Kubernetes external service default/{name} from cluster {cluster}",
            },
        })).ShouldBe(201);
        (FloatingIpId, Address) = (floating["floatingip/id"]!, floating["floatingip/floating_ip_address"]!);
        await MakeSecurityGroupAsync(uid, nodePort, nodes);
    }

    /// <summary>What it leaves in the Service's metadata and status.</summary>
    public JsonObject Mark(JsonObject service)
    {
        JsonObject metadata = service["metadata"]!.AsObject();
        metadata["finalizers"] = new JsonArray("service.kubernetes.io/load-balancer-cleanup");
        JsonObject annotations = (metadata["annotations"] ??= new JsonObject()).AsObject();
        annotations[$"{CloudService.Prefix}load-balancer-id"] = LoadBalancerId;
        annotations[$"{CloudService.Prefix}load-balancer-address"] = Address;
        service["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = Address, ["ipMode"] = "VIP" }) } };
        return service;
    }

    private async Task<Answer> MakeLoadBalancerAsync(int port, int nodePort, Guest[] nodes) => (await project.Member.PostAsync("load-balancer", "/v2/lbaas/loadbalancers", new
    {
        loadbalancer = new
        {
            name = Balancer,
            description = $"Kubernetes external service default/{name} from cluster {cluster}",
            provider = "ovn",
            tags = new[] { Balancer },
            vip_subnet_id = project.SubnetId,
            listeners = new[]
            {
                new
                {
                    name = $"listener_0_{Balancer}",
                    protocol = "TCP",
                    protocol_port = port,
                    connection_limit = -1,
                    tags = new[] { Balancer },
                    timeout_client_data = 50000,
                    timeout_member_connect = 5000,
                    timeout_member_data = 50000,
                    timeout_tcp_inspect = 0,
                    default_pool = new
                    {
                        name = $"pool_0_{Balancer}",
                        protocol = "TCP",
                        lb_algorithm = "SOURCE_IP_PORT",
                        members = nodes.Select(n => new { name = n.Name, address = n.Address, protocol_port = nodePort, subnet_id = project.SubnetId }).ToArray(),
                    },
                },
            },
        },
    })).ShouldBe(201);

    private async Task MakeSecurityGroupAsync(string uid, int nodePort, Guest[] nodes)
    {
        Wire member = project.Member;
        Answer group = (await member.PostAsync("network", "/v2.0/security-groups", new
        {
            security_group = new { name = $"lb-sg-{uid}-default-{name}", description = $"Security Group for default/{name} Service LoadBalancer in cluster {cluster}" },
        })).ShouldBe(201);
        SecurityGroupId = group["security_group/id"]!;

        // Every rule that it does not want goes, those for egress that each new group has among them.
        foreach (JsonObject rule in group.List("security_group/security_group_rules")) (await member.DeleteAsync("network", $"/v2.0/security-group-rules/{rule["id"]}")).ShouldBe(204);
        (await member.PostAsync("network", "/v2.0/security-group-rules", new
        {
            security_group_rule = new
            {
                security_group_id = SecurityGroupId, direction = "ingress", ethertype = "IPv4", protocol = "tcp", port_range_min = nodePort, port_range_max = nodePort, remote_ip_prefix = "0.0.0.0/0",
            },
        })).ShouldBe(201);
        foreach (Guest node in nodes)
        {
            Answer port = (await member.GetAsync("network", $"/v2.0/ports/{node.PortId}")).ShouldBe(200);
            string[] groups = [.. port.At("port/security_groups")!.AsArray().Select(g => g!.ToString()), SecurityGroupId];
            (await member.PutAsync("network", $"/v2.0/ports/{node.PortId}", new { port = new { security_groups = groups } })).ShouldBe(200);
        }
    }
}
