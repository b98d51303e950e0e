using System.Text.Json.Nodes;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Controllers;
using Tenon.OpenStack;
using Tenon.Sandbox.Measures;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>
/// The cloud half of the bad-input table: what the cloud does not have, forbids or breaks ends in exactly one warning that names
/// the field and the fix, however often it is tried, and another Service is served all the same.
/// </summary>
public sealed class BadCloudTests
{
    /// <summary>Annotations (a=b;c=d), spec, provider, what the one warning says, what else it says.</summary>
    public static TheoryData<string, string, string, string, string> Refusals => new()
    {
        { "floating-network-id=gone", "{}", "amphora", "floating-network-id gone: there is no such network", "Correct the annotation" },
        { "subnet-id=gone", "{}", "amphora", "subnet-id gone: there is no such subnet", "Correct the annotation" },
        { "network-id=gone", "{}", "amphora", "network-id gone: there is no such network", "Correct the annotation" },
        { "member-subnet-id=gone", "{}", "amphora", "member-subnet-id gone: there is no such subnet", "Correct the annotation" },
        { "floating-subnet-id=gone", "{}", "amphora", "floating-subnet-id gone: there is no such subnet", "Correct it" },
        { "floating-subnet-id=NODES", "{}", "amphora", "not to the floating network", "Correct one of them" },
        { "floating-subnet=private-*", "{}", "amphora", "matches name private-*; it has the subnets public-1", "Correct the pattern" },
        { "floating-subnet-tags=red", "{}", "amphora", "matches tags red", "Correct the pattern" },
        { "load-balancer-id=gone", "{}", "amphora", "there is no load balancer gone", "Remove the annotation" },
        { "x-forwarded-for=true", "{}", "ovn", "provider ovn knows no HTTP", "Remove the annotation, or use another provider" },
        { "proxy-protocol=v1", "{}", "ovn", "provider ovn does not speak the PROXY protocol", "lb-provider=amphora" },
        { "default-tls-container-ref=https://127.0.0.1/v1/secrets/00000000-0000-4000-8000-000000000001", "{}", "amphora", "the key manager has no such container or secret", "correct the reference" },
        { "", """{"loadBalancerIP": "203.0.113.200"}""", "amphora", "floating IP 203.0.113.200", "is in use by port" },
        { "", """{"ipFamilies": ["IPv6"]}""", "amphora", "No node has a IPv6 address", "Set [LoadBalancer] subnet-id" },
        { "subnet-id=NODES", """{"ipFamilies": ["IPv6"]}""", "amphora", "the subnet is IPv4, but the Service's first IP family is IPv6", "Name a subnet of that family" },
        { "node-selector=nobody=here", "{}", "amphora", "no node matches the node-selector nobody=here", "no available nodes" },
    };

    /// <summary>Status, body, reason of the event, what it says, what the fix is, whether the failure is thrown for backoff.</summary>
    public static TheoryData<int, string, string, string, string, bool> Failures => new()
    {
        { 403, """{"faultcode": "Client", "faultstring": "Quota has been met for resources: Load Balancer", "debuginfo": null}""", ServiceEvents.QuotaExceeded, "Quota has been met for resources: Load Balancer", "Ask for more quota", false },
        { 403, """{"faultcode": "Client", "faultstring": "Policy does not allow this request to be performed.", "debuginfo": null}""", ServiceEvents.SyncFailed, "the cloud forbids it", "load-balancer_member", false },
        { 400, """{"faultcode": "Client", "faultstring": "Validation failure: bad flavor", "debuginfo": null}""", ServiceEvents.SyncFailed, "Validation failure: bad flavor", "it is tried again every minute", false },
        { 501, """{"faultcode": "Server", "faultstring": "Provider 'x' does not support a requested option: flavors", "debuginfo": null}""", ServiceEvents.SyncFailed, "does not support a requested option", "Correct what it names", false },
        { 500, """{"faultcode": "Server", "faultstring": "boom", "debuginfo": null}""", ServiceEvents.SyncFailed, "does not answer properly", "tried again until it does", true },
        { 503, "", ServiceEvents.SyncFailed, "does not answer properly (Unavailable)", "tried again until it does", true },
        { 401, "", ServiceEvents.SyncFailed, "does not accept the credentials", "Renew them in the [Global] section", true },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Refusals))]
    public async Task What_the_cloud_does_not_have_is_one_warning(string annotations, string spec, string provider, string message, string fix)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: provider);
        JsonNode port = harness.Post("network", "/v2.0/ports", "port", new() { ["network_id"] = harness.NodeNetworkId });
        harness.Post("network", "/v2.0/floatingips", "floatingip", new() { ["floating_network_id"] = harness.PublicNetworkId, ["port_id"] = (string)port["id"]!, ["floating_ip_address"] = "203.0.113.200" });
        Dictionary<string, string> set = annotations.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(a => a.Split('=', 2)).ToDictionary(a => a[0], a => a[1] == "NODES" ? harness.NodeSubnetId : a[1]);

        await harness.PutAsync(Service(set, spec));
        await harness.SettleAsync("web");

        (EventType Type, string Reason, string Message) warning = harness.Cluster.Events.Where(e => e.Type is EventType.Warning).ShouldHaveSingleItem();
        warning.Message.ShouldContain(message);
        warning.Message.ShouldContain(fix);
        (await harness.PutAsync(Service(name: "other"))).ShouldBe(Outcome.Done);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Failures))]
    public async Task What_the_cloud_refuses_is_one_warning_and_it_is_served_once_the_cloud_relents(int status, string body, string reason, string message, string fix, bool thrown)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        harness.Sandbox.Faults.Add(new FaultRule { Id = "f", Service = "load-balancer", Method = "POST", Status = status, Body = body.Length == 0 ? null : body });
        harness.Cluster.Put(Service());

        for (int i = 0; i < 3; i++)
        {
            bool threw = false;
            try
            {
                await harness.SettleAsync("web");
            }
            catch (OpenStackException)
            {
                threw = true;
            }

            threw.ShouldBe(thrown);
        }

        (EventType Type, string Reason, string Message) warning = harness.Cluster.Events.Where(e => e.Type is EventType.Warning).ShouldHaveSingleItem();
        warning.Reason.ShouldBe(reason);
        warning.Message.ShouldContain(message);
        warning.Message.ShouldContain(fix);
        harness.LoadBalancers.ShouldBeEmpty();
        harness.Sandbox.Faults.Remove("f");
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cloud_that_is_down_is_said_once_and_what_is_served_stays_served()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        harness.Sandbox.Faults.Add(new FaultRule { Id = "down", Kind = FaultKind.DropBefore, Path = "/v2" });
        harness.Cluster.Put(Service(name: "second"));
        for (int i = 0; i < 5; i++) await Should.ThrowAsync<OpenStackException>(() => harness.SettleAsync("second"));

        harness.Cluster.Events.Count(e => e.Type is EventType.Warning).ShouldBe(1);
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Count.ShouldBe(1);
        harness.Sandbox.Faults.Remove("down");
        (await harness.SettleAsync("second")).ShouldBe(Outcome.Done);
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_external_networks_are_named_and_not_guessed_between()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        string second = (string)harness.Post("network", "/v2.0/networks", "network", new() { ["name"] = "dmz", ["router:external"] = true })["id"]!;
        harness.Post("network", "/v2.0/subnets", "subnet", new() { ["name"] = "dmz-1", ["network_id"] = second, ["ip_version"] = 4, ["cidr"] = "198.51.100.0/24" });

        (await harness.PutAsync(Service())).ShouldBeOfType<Outcome.Refused>().Message.ShouldContain($"there are 2 external networks: dmz ({second}), public ({harness.PublicNetworkId}). Set [LoadBalancer] floating-network-id");

        harness.LoadBalancers.ShouldBeEmpty();
        (await harness.PutAsync(Service(new Dictionary<string, string> { ["floating-network-id"] = harness.PublicNetworkId }))).ShouldBe(Outcome.Done);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_served_load_balancer_in_error_is_reported_once_and_left_alone()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        string id = (string)harness.LoadBalancers.Single()!["id"]!;
        harness.Sandbox.OpenStack.FailLoadBalancer(id);
        await harness.RestartAsync();
        harness.Cluster.Events.Clear();

        for (int i = 0; i < 3; i++) (await harness.SettleAsync("web")).ShouldBeOfType<Outcome.Waiting>();

        (EventType Type, string Reason, string Message) warning = harness.Cluster.Events.ShouldHaveSingleItem();
        warning.Reason.ShouldBe("LoadBalancerInError");
        warning.Message.ShouldContain($"openstack loadbalancer failover {id}");
        harness.LoadBalancers.Count.ShouldBe(1);
        await harness.DeleteAsync("web");
        harness.LoadBalancers.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_nodes_the_service_waits_and_says_so()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(nodes: 0);

        (await harness.PutAsync(Service())).ShouldBeOfType<Outcome.Waiting>();

        harness.Cluster.Events.Single(e => e.Type is EventType.Warning).Message.ShouldContain("There are no available nodes for LoadBalancer");
        harness.AddNode(1);
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_requires_two_families_is_served_with_one_and_told()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();

        (await harness.PutAsync(Service(spec: """{"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"}"""))).ShouldBe(Outcome.Done);

        harness.Cluster.Events.Single(e => e.Type is EventType.Warning).Message.ShouldContain("the load balancer's network has no IPv6 subnet. Write SingleStack or PreferDualStack");
    }
}
