using System.Text.Json.Nodes;

namespace Tenon.Conformance.Tests.Support;

/// <summary>What one case makes in a cloud: names of its own, and every thing that it made is deleted, the last first, when the case ends.</summary>
public sealed class Scratch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan CleaningPatience = TimeSpan.FromMinutes(5);

    private readonly Stack<(string What, Func<Task<Answer>> Delete)> _made = new();
    private readonly List<IDisposable> _wires = [];
    private readonly CloudSide _side;

    internal Scratch(CloudSide side) => _side = side;

    /// <summary>The beginning of every name of this case.</summary>
    public string Name { get; } = $"cf-{Guid.NewGuid().ToString("N")[..10]}";

    /// <summary>A name of this case.</summary>
    public string NameOf(string what) => $"{Name}-{what}";

    /// <summary>
    /// POSTs a body of one wrapped object (<c>{"port": {…}}</c>), demands success (200, 201 or 202) and returns the answer; the thing is deleted with the case.
    /// </summary>
    /// <param name="service">The service type.</param>
    /// <param name="path">The collection, such as <c>/v2.0/ports</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="admin">Whether the administrator makes it.</param>
    /// <param name="headers">More headers, as NAME: VALUE.</param>
    public Task<Answer> MakeAsync(string service, string path, object body, bool admin = false, params string[] headers)
        => MakeAsync(admin ? _side.Admin : _side.Member, service, path, body, headers);

    /// <summary>The same by somebody else, as by the member of a project of this case's own.</summary>
    public async Task<Answer> MakeAsync(Wire owner, string service, string path, object body, params string[] headers)
    {
        Answer answer = await owner.PostAsync(service, path, body, headers);
        answer.Status.ShouldBeOneOf([200, 201, 202], $"{answer.Request}: {answer.Text}");
        JsonNode? made = answer.Json!.AsObject().Single().Value;
        foreach (JsonNode? one in made is JsonArray many ? [.. many] : new[] { made }) Forget(owner, service, $"{path}/{one!["id"]}");
        return answer;
    }

    /// <summary>Has a thing deleted with the case; one that is gone by then is no error.</summary>
    public void Forget(string service, string path, bool admin = false) => Forget(admin ? _side.Admin : _side.Member, service, path);

    /// <summary>The same, deleted by somebody else.</summary>
    public void Forget(Wire owner, string service, string path) => Undo(path, () => owner.DeleteAsync(service, path));

    /// <summary>Has something done when the case ends, in the order opposite to that of these calls; again while it answers 409.</summary>
    public void Undo(string what, Func<Task<Answer>> undo) => _made.Push((what, undo));

    /// <summary>The same, for what needs no name.</summary>
    public void Undo(Func<Task<Answer>> undo) => Undo("what the case did", undo);

    /// <summary>
    /// A project of this case's own with a user of its own, who is a member of it: what the case changes there, quotas included, is nobody else's.
    /// </summary>
    /// <param name="roles">The user's roles in it.</param>
    public async Task<Wire> NewProjectAsync(params string[] roles)
    {
        string name = NameOf($"p{_wires.Count}"), password = Guid.NewGuid().ToString("N");
        string project = (await MakeAsync("identity", "/projects", new { project = new { name } }, admin: true))["project/id"]!;
        Undo("security groups", () => DeleteSecurityGroupsAsync(project));
        Undo("quotas", () => _side.Admin.DeleteAsync("compute", $"/os-quota-sets/{project}"));
        string user = (await MakeAsync("identity", "/users", new { user = new { name, password } }, admin: true))["user/id"]!;
        Answer known = (await _side.Admin.GetAsync("identity", "/roles")).ShouldBe(200);
        foreach (string role in roles.Length == 0 ? ["member"] : roles)
        {
            string id = known.List("roles").Single(r => r["name"]!.ToString() == role)["id"]!.ToString();
            (await _side.Admin.PutAsync("identity", $"/projects/{project}/users/{user}/roles/{id}", null)).ShouldBe(204);
        }

        Wire wire = await Wire.LogInAsync(_side.Admin.Account with { User = name, Password = password, Project = name }, TestContext.Current.CancellationToken);
        _wires.Add(wire);
        return wire;
    }

    /// <summary>Reads again and again until the answer is accepted; the error tells the last one.</summary>
    public static Task<Answer> UntilAsync(Func<Task<Answer>> read, Func<Answer, bool> enough, string what) => UntilAsync(read, enough, what, Patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Wire.OutliveTheTest();
        var left = new List<string>();
        long began = TimeProvider.System.GetTimestamp();
        while (_made.TryPop(out (string What, Func<Task<Answer>> Delete) thing))
        {
            // One that cannot be deleted must not keep the others; when the time for all of them is up, each is tried once.
            TimeSpan rest = CleaningPatience - TimeProvider.System.GetElapsedTime(began);
            try
            {
                // A thing that is still being worked on, or that another one of this case still uses for a moment, answers 409.
                Answer answer = await UntilAsync(thing.Delete, a => a.Status != 409, $"deletable: {thing.What}", rest < Patience ? rest : Patience);
                if (answer.Status is not (200 or 202 or 204 or 404)) left.Add($"{answer.Request}: {answer.Status} {answer.Text}");
            }
            catch (Exception e) when (e is TimeoutException or HttpRequestException or OperationCanceledException)
            {
                left.Add($"{thing.What}: {e.Message}");
            }
        }

        foreach (IDisposable wire in _wires) wire.Dispose();
        left.ShouldBeEmpty();
    }

    private static async Task<Answer> UntilAsync(Func<Task<Answer>> read, Func<Answer, bool> enough, string what, TimeSpan patience)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Answer answer = await read();
            if (enough(answer)) return answer;
            if (TimeProvider.System.GetElapsedTime(began) > patience) throw new TimeoutException($"still not {what}: {answer.Text}");
            await Task.Delay(Look, TimeProvider.System, Wire.Life);
        }
    }

    /// <summary>Neutron gives every project a default group, and leaves it when the project goes.</summary>
    private async Task<Answer> DeleteSecurityGroupsAsync(string project)
    {
        Answer groups = await _side.Admin.GetAsync("network", $"/v2.0/security-groups?project_id={project}&fields=id");
        foreach (var group in groups.List("security_groups"))
        {
            Answer deleted = await _side.Admin.DeleteAsync("network", $"/v2.0/security-groups/{group["id"]}");
            if (deleted.Status is not (204 or 404)) return deleted;
        }

        return groups;
    }
}
