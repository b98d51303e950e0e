using System.Collections.Concurrent;
using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A Keystone project and user of a test's own, with a network behind a router to the outside. What the test makes is written down, so that
/// anything else in the project is somebody's leak; disposing of it deletes all there is and demands that nothing is left.
/// </summary>
internal sealed class CloudProject : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private const string HostBindingRole = "port_binder";
    private static readonly string[] Roles = ["member", "load-balancer_member"];

    private readonly ConcurrentDictionary<string, bool> _made = [];
    private readonly ConcurrentBag<Guest> _guests = [];
    private readonly string _password = Guid.NewGuid().ToString("N");
    private Wire? _member;
    private string? _projectId, _userId, _roleId;

    private CloudProject(TestCloud cloud) => Cloud = cloud;

    /// <summary>The cloud it is in.</summary>
    public TestCloud Cloud { get; }

    /// <summary>The project's name, the user's too, and the beginning of every name on the machine.</summary>
    public string Name { get; } = $"e2e-{Guid.NewGuid().ToString("N")[..6]}";

    /// <summary>The user, who has a member's rights and no more.</summary>
    public Wire Member => _member ?? throw new InvalidOperationException("the project is not made yet");

    /// <summary>The machines' network.</summary>
    public string NetworkId { get; private set; } = "";

    /// <summary>The machines' subnet.</summary>
    public string SubnetId { get; private set; } = "";

    /// <summary>Its range.</summary>
    public string SubnetRange => "10.61.0.0/24";

    /// <summary>Its gateway.</summary>
    public string Gateway => "10.61.0.1";

    /// <summary>The router between that subnet and the outside.</summary>
    public string RouterId { get; private set; } = "";

    /// <summary>A cloud.conf that says who the user is and nothing more.</summary>
    public string CloudConf => $"""
        [Global]
        auth-url = {Member.Account.AuthUrl}
        username = {Name}
        password = {_password}
        user-domain-name = {Member.Account.Domain}
        tenant-id = {_projectId}

        """;

    /// <summary>The same as clouds.yaml.</summary>
    /// <param name="cloud">The cloud's name there.</param>
    public string CloudsYaml(string cloud) => $"""
        clouds:
          {cloud}:
            auth:
              auth_url: {Member.Account.AuthUrl}
              username: {Name}
              password: {_password}
              user_domain_name: {Member.Account.Domain}
              project_id: {_projectId}
            region_name: RegionOne

        """;

    /// <summary>Makes the project, its user, its network and its router.</summary>
    public static async Task<CloudProject> CreateAsync(TestCloud cloud)
    {
        var project = new CloudProject(cloud);
        try
        {
            await project.CreateAccountAsync();
            await project.CreateNetworkAsync();
            return project;
        }
        catch
        {
            await project.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the user say on which host a port is, from the next login on (the test cloud's policy names the role).</summary>
    public async Task AllowHostBindingAsync()
    {
        Answer role = await Cloud.Admin.PostAsync("identity", "/roles", new { role = new { name = HostBindingRole } });
        _roleId = role.Status == 409 ? (await Cloud.Admin.GetAsync("identity", $"/roles?name={HostBindingRole}")).ShouldBe(200)["roles/0/id"] : role.ShouldBe(201)["role/id"];
        (await Cloud.Admin.PutAsync("identity", $"/projects/{_projectId}/users/{_userId}/roles/{_roleId}", null)).ShouldBe(204);
    }

    /// <summary>POSTs one wrapped object, demands success, and remembers that the test made it.</summary>
    public async Task<Answer> MakeAsync(CloudKind kind, object body, string? path = null)
    {
        Answer answer = await Member.PostAsync(kind.Service, path ?? kind.Path, body);
        answer.Status.ShouldBeOneOf([200, 201, 202], $"{answer.Request}: {answer.Text}");
        Remember(answer.Json!.AsObject().Single().Value!["id"]!.ToString());
        return answer;
    }

    /// <summary>Counts a thing among those that the test made.</summary>
    public void Remember(string id) => _made[id] = true;

    /// <summary>A security group with rules that let in; each is <c>(protocol, first port, last port, source range)</c>.</summary>
    public async Task<string> MakeSecurityGroupAsync(string name, params (string Protocol, int? First, int? Last, string Source)[] rules)
    {
        string id = (await MakeAsync(CloudKind.SecurityGroup, new { security_group = new { name } }))["security_group/id"]!;
        foreach ((string protocol, int? first, int? last, string source) in rules)
        {
            (await Member.PostAsync("network", "/v2.0/security-group-rules", new
            {
                security_group_rule = new { security_group_id = id, direction = "ingress", ethertype = "IPv4", protocol, port_range_min = first, port_range_max = last, remote_ip_prefix = source },
            })).ShouldBe(201);
        }

        return id;
    }

    /// <summary>Builds servers, each with a port in these security groups, in the zones az1, az2, az3, az1 …, and plugs a guest in for each.</summary>
    public async Task<Guest[]> AddGuestsAsync(string securityGroupId, params string[] names)
        => await Task.WhenAll(names.Select((name, index) => AddGuestAsync(securityGroupId, name, $"az{(index % 3) + 1}")));

    /// <summary>Builds one server and plugs its guest in, on the machines' network unless it is told another.</summary>
    public async Task<Guest> AddGuestAsync(string securityGroupId, string name, string zone, string? networkId = null)
    {
        Guest guest = await Guest.CreateAsync(this, name, zone, securityGroupId, networkId ?? NetworkId);
        _guests.Add(guest);
        await guest.PlugAsync();
        return guest;
    }

    /// <summary>Makes a network with a subnet, joined to the router.</summary>
    public async Task<(string NetworkId, string SubnetId)> AddNetworkAsync(string name, string range, string gateway)
    {
        string network = (await MakeAsync(CloudKind.NetworkItself, new { network = new { name } }))["network/id"]!;
        string subnet = (await MakeAsync(CloudKind.Subnet, new { subnet = new { name, network_id = network, ip_version = 4, cidr = range, gateway_ip = gateway } }))["subnet/id"]!;
        // Neutron's own, for DHCP and metadata: it is there from the first subnet on, and goes with the network.
        foreach (CloudThing port in await ListAsync(CloudKind.Port)) if (port["network_id"] == network) Remember(port.Id);
        Answer joined = (await Member.PutAsync("network", $"/v2.0/routers/{RouterId}/add_router_interface", new { subnet_id = subnet })).ShouldBe(200);
        Remember(joined["port_id"]!);
        return (network, subnet);
    }

    /// <summary>All of one kind that the project owns now.</summary>
    public Task<IReadOnlyList<CloudThing>> ListAsync(CloudKind kind) => CloudInventory.ListAsync(Member, kind);

    /// <summary>What is in the project that the test did not make.</summary>
    public async Task<List<CloudThing>> ListOthersAsync() => [.. (await CloudInventory.ListAsync(Member)).Where(t => !_made.ContainsKey(t.Id))];

    /// <summary>The leak check: demands that all that is in the project was made by the test.</summary>
    public async Task ShouldHoldNothingElseAsync()
    {
        List<CloudThing> others = [];
        // The provider deletes a little after it has said so.
        await Eventually.UntilAsync("nothing is left over", TimeSpan.FromSeconds(90), async () => (others = await ListOthersAsync()).Count == 0, () => string.Join('\n', others));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var attempts = new Attempts();
        foreach (Guest guest in _guests) await attempts.MakeAsync(() => guest.DisposeAsync().AsTask());
        if (_member is not null) await attempts.MakeAsync(async () => (await new ProjectPurge(_member).RunAsync(Patience)).ShouldBeEmpty());
        await attempts.MakeAsync(DeleteAccountAsync);
        _member?.Dispose();
        attempts.Conclude();
    }

    private async Task DeleteAccountAsync()
    {
        Wire admin = Cloud.Admin;
        if (_roleId is not null) (await admin.DeleteAsync("identity", $"/roles/{_roleId}")).ShouldBe(204);
        if (_userId is not null) (await admin.DeleteAsync("identity", $"/users/{_userId}")).ShouldBe(204);
        if (_projectId is null) return;
        Answer groups = await admin.GetAsync("network", $"/v2.0/security-groups?project_id={_projectId}&name=default");
        foreach (var group in groups.ShouldBe(200).List("security_groups")) (await admin.DeleteAsync("network", $"/v2.0/security-groups/{group["id"]}")).ShouldBe(204);
        (await admin.DeleteAsync("identity", $"/projects/{_projectId}")).ShouldBe(204);
    }

    private async Task CreateAccountAsync()
    {
        Wire admin = Cloud.Admin;
        _projectId = (await admin.PostAsync("identity", "/projects", new { project = new { name = Name, domain_id = "default" } })).ShouldBe(201)["project/id"]!;
        _userId = (await admin.PostAsync("identity", "/users", new { user = new { name = Name, domain_id = "default", password = _password } })).ShouldBe(201)["user/id"]!;
        foreach (string role in Roles)
        {
            string? id = (await admin.GetAsync("identity", $"/roles?name={role}")).ShouldBe(200)["roles/0/id"];
            (await admin.PutAsync("identity", $"/projects/{_projectId}/users/{_userId}/roles/{id}", null)).ShouldBe(204);
        }

        _member = await Wire.LogInAsync(admin.Account with { User = Name, Password = _password, Project = Name }, TestContext.Current.CancellationToken);
    }

    private async Task CreateNetworkAsync()
    {
        RouterId = (await MakeAsync(CloudKind.Router, new { router = new { name = "machines", external_gateway_info = new { network_id = Cloud.ExternalNetworkId } } }))["router/id"]!;
        (NetworkId, SubnetId) = await AddNetworkAsync("machines", SubnetRange, Gateway);
    }
}
